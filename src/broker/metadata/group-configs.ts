import { BrokerError } from "../../errors.ts";
import {
  type ConfigDefinition,
  type ConfigDefinitions,
  config,
  configsByName,
  parseConfig,
} from "./config-definition.ts";

/** Every config that a group can have in Kafka 4.3.1 (`GroupConfig`, KIP-848, KIP-932, KIP-1071). */
export const groupConfigs: ConfigDefinitions = configsByName([
  ...heartbeats("consumer", "A consumer group's"),
  ...heartbeats("share", "A share group's"),
  config(
    "share.auto.offset.reset",
    "string",
    "latest",
    "Where a share group begins: earliest, latest, or by_duration:<ISO 8601 duration> ago.",
    { pattern: /^(earliest|latest|by_duration:P.+)$/ },
  ),
  config("share.delivery.count.limit", "int", 5, "How often a record is delivered at most.", {
    min: 2,
  }),
  config(
    "share.isolation.level",
    "string",
    "read_uncommitted",
    "Whether records of open and aborted transactions are delivered.",
    { oneOf: ["read_committed", "read_uncommitted"] },
  ),
  config(
    "share.partition.max.record.locks",
    "int",
    2000,
    "How many records of a partition may be with members at once.",
    { min: 100 },
  ),
  config(
    "share.record.lock.duration.ms",
    "int",
    30000,
    "How long a record is a member's before others may have it, in milliseconds.",
    { min: 1000 },
  ),
  config(
    "share.renew.acknowledge.enable",
    "boolean",
    true,
    "Whether a member can ask for more time with a record.",
  ),
  ...heartbeats("streams", "A streams group's"),
  config(
    "streams.initial.rebalance.delay.ms",
    "int",
    3000,
    "How long an empty streams group waits for further members before its first assignment, in milliseconds.",
    { min: 0 },
  ),
  config("streams.num.standby.replicas", "int", 0, "How many standbys each task has.", { min: 0 }),
]);

function heartbeats(kind: string, whose: string): ConfigDefinition[] {
  return [
    config(
      `${kind}.assignment.interval.ms`,
      "int",
      1000,
      `${whose} least time between two assignments, in milliseconds.`,
      { min: 0 },
    ),
    config(
      `${kind}.heartbeat.interval.ms`,
      "int",
      5000,
      `${whose} interval between a member's heartbeats, in milliseconds.`,
      { min: 1 },
    ),
    config(
      `${kind}.session.timeout.ms`,
      "int",
      45000,
      `${whose} longest silence before a member is out, in milliseconds.`,
      { min: 1 },
    ),
  ];
}

const withoutSynonym = [
  "share.auto.offset.reset",
  "share.isolation.level",
  "share.renew.acknowledge.enable",
];

/** The config of brokers that a group takes where it does not set its own; undefined where there is none. */
export function brokerSynonymOfGroupConfig(name: string): string | undefined {
  return withoutSynonym.includes(name) ? undefined : `group.${name}`;
}

/** The configs of brokers that bound what a group may set; there may be none of that name. */
export function boundsOfGroupConfig(name: string): { readonly min: string; readonly max: string } {
  const [kind, ...rest] = name.split(".");
  const what = rest.join(".").replace("num.standby", "standby");
  return { min: `group.${kind}.min.${what}`, max: `group.${kind}.max.${what}` };
}

/**
 * Checks the configs that a group is to have (`GroupConfig.validate`); throws INVALID_CONFIG.
 * `brokerConfig` gives a broker's config, undefined where there is no such config.
 */
export function checkGroupConfigs(
  configs: ReadonlyMap<string, string>,
  brokerConfig: (name: string) => string | undefined,
): void {
  for (const [name, text] of configs) {
    const definition = groupConfigs.get(name);
    if (definition === undefined) throw refused(`Unknown group config name: ${name}`);
    parseConfig(definition, text);
    checkBounds(name, Number(text), brokerConfig);
  }
  const numberOf = (name: string) =>
    Number(configs.get(name) ?? brokerConfig(brokerSynonymOfGroupConfig(name) ?? name));
  for (const kind of ["consumer", "share", "streams"]) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`];
    if (numberOf(session) > numberOf(heartbeat)) continue;
    throw refused(`${session} must be greater than ${heartbeat}`);
  }
}

function checkBounds(
  name: string,
  value: number,
  brokerConfig: (name: string) => string | undefined,
): void {
  const { min, max } = boundsOfGroupConfig(name);
  const [least, greatest] = [brokerConfig(min), brokerConfig(max)];
  if (least !== undefined && value < Number(least)) {
    throw refused(`${name} must be greater than or equal to ${min}`);
  }
  if (greatest !== undefined && value > Number(greatest)) {
    throw refused(`${name} must be less than or equal to ${max}`);
  }
}

function refused(message: string): BrokerError {
  return new BrokerError("INVALID_CONFIG", message);
}
