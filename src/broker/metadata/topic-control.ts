import { BrokerError } from "../../errors.ts";
import type { MetadataRecordIn } from "../../protocol/index.ts";
import { configRecord } from "./configs-image.ts";
import { type EffectiveConfigs, resourceType } from "./effective-configs.ts";
import type { MetadataImage } from "./metadata-image.ts";
import { checkTopicConfigs } from "./topic-configs.ts";
import { checkTopicName } from "./topic-name.ts";
import type { CreatedTopic, PartitionsToCreate, TopicToCreate } from "./topic-to-create.ts";

/** How many partitions one request may create (`MAX_PARTITIONS_PER_BATCH`). */
const maxPartitionsPerRequest = 10_000;

/** What decisions about the metadata rest on. */
export interface ControlFacts {
  readonly image: MetadataImage;
  readonly configs: EffectiveConfigs;
  readonly nodeId: number;
  readonly directoryId: string;
  newId(): string;
}

/** What becomes of the topics of one request: the records that make those that can be, and each one's outcome. */
export interface TopicDecisions {
  readonly records: readonly MetadataRecordIn[];
  readonly outcomes: ReadonlyMap<string, CreatedTopic | BrokerError>;
}

/** Decides on new topics as `ReplicationControlManager.createTopics` does, in its order of checks. */
export function decideTopics(
  facts: ControlFacts,
  topics: readonly TopicToCreate[],
): TopicDecisions {
  const total = topics.reduce((sum, topic) => sum + plannedPartitions(facts, topic), 0);
  if (total > maxPartitionsPerRequest) {
    const message = "Excessively large number of partitions per request.";
    throw new BrokerError("POLICY_VIOLATION", message);
  }
  const records: MetadataRecordIn[] = [];
  const outcomes = new Map<string, CreatedTopic | BrokerError>();
  for (const topic of topics) {
    try {
      const made = decideTopic(facts, topic);
      records.push(...made.records);
      outcomes.set(topic.name, made.topic);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      outcomes.set(topic.name, error);
    }
  }
  return { records, outcomes };
}

/** Decides on more partitions for a topic (`ReplicationControlManager.createPartitions`). */
export function decidePartitions(
  facts: ControlFacts,
  { topic: name, count, assignments }: PartitionsToCreate,
): MetadataRecordIn[] {
  const topic = facts.image.topics.get(name);
  if (topic === undefined) throw new BrokerError("UNKNOWN_TOPIC_OR_PARTITION", `no topic ${name}`);
  const present = topic.partitions.length;
  if (count === present) {
    throw new BrokerError("INVALID_PARTITIONS", `Topic already has ${present} partition(s).`);
  }
  if (count < present) {
    const message = `The topic ${name} currently has ${present} partition(s); ${count} would not be an increase.`;
    throw new BrokerError("INVALID_PARTITIONS", message);
  }
  const additional = count - present;
  if (assignments !== null && assignments.length !== additional) {
    const message = `Attempted to add ${additional} additional partition(s), but only ${assignments.length} assignment(s) were specified.`;
    throw new BrokerError("INVALID_REPLICA_ASSIGNMENT", message);
  }
  for (const brokerIds of assignments ?? []) checkAssignment(facts, brokerIds, 1);
  if (additional > maxPartitionsPerRequest) {
    const message = "Unable to perform excessively large batch operation.";
    throw new BrokerError("POLICY_VIOLATION", message);
  }
  return partitionRecords(facts, topic.id, present, count);
}

/** Checks that a partition's replicas can be given by hand: here, that it is this node alone. */
export function checkAssignment(
  { nodeId }: ControlFacts,
  brokerIds: readonly number[],
  replicationFactor?: number,
): void {
  const fail = (what: string) => {
    const message = `The manual partition assignment includes ${what}`;
    return new BrokerError("INVALID_REPLICA_ASSIGNMENT", message);
  };
  if (brokerIds.length === 0) throw fail("an empty replica list.");
  const seen = new Set<number>();
  for (const brokerId of brokerIds.toSorted((a, b) => a - b)) {
    if (brokerId !== nodeId) {
      throw fail(`broker ${brokerId}, but no such broker is registered.`);
    }
    if (seen.has(brokerId)) throw fail(`the broker ${brokerId} more than once.`);
    seen.add(brokerId);
  }
  if (replicationFactor !== undefined && brokerIds.length !== replicationFactor) {
    const given = `a partition with ${brokerIds.length} replica(s)`;
    throw fail(
      `${given}, but this is not consistent with previous partitions, which have ${replicationFactor} replica(s).`,
    );
  }
}

function plannedPartitions(facts: ControlFacts, topic: TopicToCreate): number {
  if (topic.assignments !== undefined) return topic.assignments.length;
  return topic.numPartitions === -1 ? defaultPartitions(facts) : Math.max(0, topic.numPartitions);
}

function decideTopic(
  facts: ControlFacts,
  topic: TopicToCreate,
): { readonly records: readonly MetadataRecordIn[]; readonly topic: CreatedTopic } {
  const { image, configs } = facts;
  const { name } = topic;
  checkTopicName(name);
  const colliding = image.topicState.colliding(name);
  if (image.topics.has(name)) {
    throw new BrokerError("TOPIC_ALREADY_EXISTS", `Topic '${name}' already exists.`);
  }
  if (colliding !== undefined) {
    const message = `Topic '${name}' collides with existing topic: ${colliding}`;
    throw new BrokerError("INVALID_TOPIC_EXCEPTION", message);
  }
  const own = withoutNulls(topic.configs);
  checkTopicConfigs(own, (config) => configs.inheritedByTopics(config));
  const numPartitions = topic.assignments
    ? assignedPartitions(facts, topic, topic.assignments)
    : countedPartitions(facts, topic);
  const id = facts.newId();
  const resource = { type: resourceType.topic, name };
  const records: MetadataRecordIn[] = [
    { name: "TopicRecord", value: { name, topicId: id } },
    ...Array.from(own, ([config, value]) => configRecord(resource, config, value)),
    ...partitionRecords(facts, id, 0, numPartitions),
  ];
  return { records, topic: { id, numPartitions, configs: configs.describeTopic(own) } };
}

function withoutNulls(configs: ReadonlyMap<string, string | null>): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  const nulls: string[] = [];
  for (const [name, value] of configs) {
    if (value === null) nulls.push(name);
    else own.set(name, value);
  }
  if (nulls.length === 0) return own;
  const message = `Null value not supported for topic configs: ${nulls.join(",")}`;
  throw new BrokerError("INVALID_CONFIG", message);
}

function assignedPartitions(
  facts: ControlFacts,
  topic: TopicToCreate,
  assignments: NonNullable<TopicToCreate["assignments"]>,
): number {
  const mustBe = "A manual partition assignment was specified, but";
  if (topic.replicationFactor !== -1) {
    const message = `${mustBe} replication factor was not set to -1.`;
    throw new BrokerError("INVALID_REQUEST", message);
  }
  if (topic.numPartitions !== -1) {
    throw new BrokerError("INVALID_REQUEST", `${mustBe} numPartitions was not set to -1.`);
  }
  const seen = new Set<number>();
  for (const { partition, brokerIds } of assignments) {
    if (seen.has(partition)) {
      const message = `Found multiple manual partition assignments for partition ${partition}`;
      throw new BrokerError("INVALID_REPLICA_ASSIGNMENT", message);
    }
    checkAssignment(facts, brokerIds);
    seen.add(partition);
  }
  for (let partition = 0; partition < seen.size; partition += 1) {
    if (seen.has(partition)) continue;
    const message = "partitions should be a consecutive 0-based integer sequence";
    throw new BrokerError("INVALID_REPLICA_ASSIGNMENT", message);
  }
  return seen.size;
}

function countedPartitions(facts: ControlFacts, topic: TopicToCreate): number {
  const { numPartitions, replicationFactor, isInternal = false } = topic;
  if (replicationFactor < -1 || replicationFactor === 0) {
    const message = "Replication factor must be larger than 0, or -1 to use the default value.";
    throw new BrokerError("INVALID_REPLICATION_FACTOR", message);
  }
  if (numPartitions < -1 || numPartitions === 0) {
    const message = "Number of partitions was set to an invalid non-positive value.";
    throw new BrokerError("INVALID_PARTITIONS", message);
  }
  const fallback = Number(facts.configs.broker("default.replication.factor"));
  const replicas = replicationFactor === -1 ? fallback : replicationFactor;
  if (replicas > 1 && !isInternal) {
    const message = `Unable to replicate the partition ${replicas} time(s): The target replication factor of ${replicas} cannot be reached because only 1 broker(s) are registered.`;
    throw new BrokerError("INVALID_REPLICATION_FACTOR", message);
  }
  return numPartitions === -1 ? defaultPartitions(facts) : numPartitions;
}

function defaultPartitions({ configs }: ControlFacts): number {
  return Number(configs.broker("num.partitions"));
}

function partitionRecords(
  { nodeId, directoryId }: ControlFacts,
  topicId: string,
  from: number,
  to: number,
): MetadataRecordIn[] {
  const onlyThis = [nodeId];
  return Array.from({ length: to - from }, (_, index) => ({
    name: "PartitionRecord" as const,
    value: {
      partitionId: from + index,
      topicId,
      replicas: onlyThis,
      isr: onlyThis,
      leader: nodeId,
      leaderEpoch: 0,
      partitionEpoch: 0,
      directories: [directoryId],
    },
  }));
}
