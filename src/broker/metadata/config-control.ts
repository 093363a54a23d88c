import { BrokerError } from "../../errors.ts";
import type { MetadataRecordIn } from "../../protocol/index.ts";
import { brokerConfigs } from "./broker-configs.ts";
import { checkClientMetricsConfigs, clientMetricsConfigs } from "./client-metrics-configs.ts";
import type { ConfigResource } from "./cluster-image.ts";
import { type ConfigDefinitions, parseConfig } from "./config-definition.ts";
import { configRecord } from "./configs-image.ts";
import { brokerDefinition, resourceType } from "./effective-configs.ts";
import { checkGroupConfigs, groupConfigs } from "./group-configs.ts";
import { checkTopicConfigs, topicConfigs } from "./topic-configs.ts";
import type { ControlFacts } from "./topic-control.ts";
import { checkTopicName } from "./topic-name.ts";

/** What is to happen to one config of a resource: `AlterConfigOp.OpType`. */
export type ConfigOperation = "set" | "delete" | "append" | "subtract";

/** A change to one config; the value of a "delete" does not count. */
export interface ConfigChange {
  readonly name: string;
  readonly operation: ConfigOperation;
  readonly value: string;
}

/** The most characters that a value may have in a record. */
const maxValueLength = 0x7fff;

const definitionsOf: ReadonlyMap<number, ConfigDefinitions> = new Map([
  [resourceType.topic, topicConfigs],
  [resourceType.broker, brokerConfigs],
  [resourceType.clientMetrics, clientMetricsConfigs],
  [resourceType.group, groupConfigs],
]);

/**
 * Decides on changes to single configs of a resource, all or none (KIP-339,
 * `ConfigurationControlManager.incrementalAlterConfigs`). Throws a `BrokerError`.
 */
export function decideConfigChanges(
  facts: ControlFacts,
  resource: ConfigResource,
  changes: readonly ConfigChange[],
): MetadataRecordIn[] {
  const present = facts.image.configs(resource) ?? new Map<string, string>();
  const next = new Map(present);
  const records: MetadataRecordIn[] = [];
  for (const change of changes) {
    const { name } = change;
    const value = changedValue(resource, change, present.get(name));
    // A broker's value is written even where it does not change, so that brokers look again (KAFKA-14136).
    if (value !== (present.get(name) ?? null) || resource.type === resourceType.broker) {
      records.push(configRecord(resource, name, value));
    }
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  checkChange(facts, resource, next, records);
  return records;
}

/** Decides on a resource's configs as a whole: what is not named goes back to its default (KIP-133). */
export function decideConfigs(
  facts: ControlFacts,
  resource: ConfigResource,
  configs: ReadonlyMap<string, string>,
): MetadataRecordIn[] {
  const present = facts.image.configs(resource) ?? new Map<string, string>();
  const records: MetadataRecordIn[] = [];
  for (const [name, value] of configs) {
    if (value === present.get(name) && resource.type !== resourceType.broker) continue;
    records.push(configRecord(resource, name, value));
  }
  for (const name of present.keys()) {
    if (!configs.has(name)) records.push(configRecord(resource, name, null));
  }
  checkChange(facts, resource, configs, records);
  return records;
}

function changedValue(
  resource: ConfigResource,
  { name, operation, value }: ConfigChange,
  present: string | undefined,
): string | null {
  if (operation === "set") return value;
  if (operation === "delete") return null;
  const definition =
    resource.type === resourceType.broker
      ? brokerDefinition(name)
      : definitionsOf.get(resource.type)?.get(name);
  if (definition?.type !== "list") {
    const message = `Can't ${operation.toUpperCase()} to key ${name} because its type is not LIST.`;
    throw new BrokerError("INVALID_CONFIG", message);
  }
  const words = (present ?? definition.default ?? "").split(",").filter((word) => word !== "");
  const given = value.split(",");
  if (operation === "subtract") return words.filter((word) => !given.includes(word)).join(",");
  return [...new Set([...words, ...given])].join(",");
}

function checkChange(
  facts: ControlFacts,
  resource: ConfigResource,
  next: ReadonlyMap<string, string>,
  records: readonly MetadataRecordIn[],
): void {
  if ([...next.values()].some((value) => value.length > maxValueLength)) {
    const message = `The configuration value cannot be added because it exceeds the maximum value size of ${maxValueLength} bytes.`;
    throw new BrokerError("INVALID_CONFIG", message);
  }
  switch (resource.type) {
    case resourceType.topic:
      checkTopic(facts, resource.name, next);
      break;
    case resourceType.broker:
      checkBroker(facts, resource.name, next, records);
      break;
    case resourceType.clientMetrics:
      checkClientMetricsConfigs(resource.name, next);
      break;
    case resourceType.group:
      if (resource.name === "") {
        throw new BrokerError("INVALID_REQUEST", "Default group resources are not allowed.");
      }
      checkGroupConfigs(next, (name) => facts.configs.broker(name));
      break;
    default:
      throw new BrokerError("INVALID_REQUEST", `Unknown resource type ${resource.type}`);
  }
}

function checkTopic(facts: ControlFacts, name: string, next: ReadonlyMap<string, string>): void {
  if (name === "") {
    throw new BrokerError("INVALID_REQUEST", "Default topic resources are not allowed.");
  }
  checkTopicName(name);
  checkTopicConfigs(next, (config) => facts.configs.inheritedByTopics(config));
  if (facts.image.topics.has(name)) return;
  throw new BrokerError("UNKNOWN_TOPIC_OR_PARTITION", `The topic '${name}' does not exist.`);
}

/** Kafka refuses a broker's configs with INVALID_REQUEST whatever is wrong with them (KAFKA-13609). */
function checkBroker(
  { nodeId, image }: ControlFacts,
  name: string,
  next: ReadonlyMap<string, string>,
  records: readonly MetadataRecordIn[],
): void {
  const refuse = (message: string) => new BrokerError("INVALID_REQUEST", message);
  if (name !== "" && !/^\d+$/.test(name)) {
    throw refuse(`Node id must be an integer, but it is: ${name}`);
  }
  if (name !== "" && Number(name) !== nodeId) {
    throw refuse(`Unexpected broker id, expected ${nodeId}, but received ${name}`);
  }
  const fixed = [...next.keys()].filter((key) => brokerDefinition(key)?.isDynamic === undefined);
  const known = fixed.filter((key) => brokerDefinition(key) !== undefined);
  if (known.length > 0) {
    throw refuse(`Cannot update these configs dynamically: [${known.join(", ")}]`);
  }
  for (const [key, text] of next) {
    const definition = brokerDefinition(key);
    try {
      if (definition !== undefined) parseConfig(definition, text);
    } catch (error) {
      throw error instanceof BrokerError ? refuse(error.message) : error;
    }
  }
  if (image.features.get("eligible.leader.replicas.version") !== 1) return;
  for (const record of records) checkMinInsyncReplicas(record);
}

/** With eligible leader replicas (KIP-966) one value of min.insync.replicas must hold for all brokers. */
function checkMinInsyncReplicas(record: MetadataRecordIn): void {
  if (record.name !== "ConfigRecord" || record.value.name !== "min.insync.replicas") return;
  if (record.value.resourceName !== "") {
    const message = "Broker-level min.insync.replicas cannot be altered while ELR is enabled.";
    throw new BrokerError("INVALID_CONFIG", message);
  }
  if (record.value.value === null) {
    const message = "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.";
    throw new BrokerError("INVALID_CONFIG", message);
  }
}
