import { brokerCoordinatorConfigs } from "./broker-coordinator-configs.ts";
import { brokerLogConfigs } from "./broker-log-configs.ts";
import { brokerNetworkConfigs } from "./broker-network-configs.ts";
import { type ConfigDefinitions, configsByName } from "./config-definition.ts";

/**
 * The configs of brokers that mean something to this one, with Kafka 4.3.1's defaults. Those of
 * replication, tiered storage, quotas, Kerberos, OAuth and delegation tokens are left out, as this
 * broker has none of these.
 */
export const brokerConfigs: ConfigDefinitions = configsByName([
  ...brokerLogConfigs,
  ...brokerNetworkConfigs,
  ...brokerCoordinatorConfigs,
]);

const minuteMs = 60_000n;
const hourMs = 3_600_000n;

/** A config of brokers that a topic's config follows, and what one of its units is in the topic's. */
export interface TopicSynonym {
  readonly name: string;
  readonly unit?: bigint;
}

const sameName = (name: string) => [{ name }];
const logPrefix = (name: string) => [{ name: `log.${name}` }];
const cleanerPrefix = (name: string) => [{ name: `log.cleaner.${name}` }];

/** `ServerTopicConfigSynonyms`: which configs of brokers a topic takes where it does not set its own, first one first. */
export const topicSynonyms: ReadonlyMap<string, readonly TopicSynonym[]> = new Map([
  ["cleanup.policy", logPrefix("cleanup.policy")],
  ["compression.gzip.level", sameName("compression.gzip.level")],
  ["compression.lz4.level", sameName("compression.lz4.level")],
  ["compression.type", sameName("compression.type")],
  ["compression.zstd.level", sameName("compression.zstd.level")],
  ["delete.retention.ms", cleanerPrefix("delete.retention.ms")],
  ["file.delete.delay.ms", logPrefix("segment.delete.delay.ms")],
  ["flush.messages", logPrefix("flush.interval.messages")],
  ["flush.ms", [...logPrefix("flush.interval.ms"), ...logPrefix("flush.scheduler.interval.ms")]],
  ["index.interval.bytes", logPrefix("index.interval.bytes")],
  ["local.retention.bytes", logPrefix("local.retention.bytes")],
  ["local.retention.ms", logPrefix("local.retention.ms")],
  ["max.compaction.lag.ms", cleanerPrefix("max.compaction.lag.ms")],
  ["max.message.bytes", sameName("message.max.bytes")],
  ["message.timestamp.after.max.ms", logPrefix("message.timestamp.after.max.ms")],
  ["message.timestamp.before.max.ms", logPrefix("message.timestamp.before.max.ms")],
  ["message.timestamp.type", logPrefix("message.timestamp.type")],
  ["min.cleanable.dirty.ratio", cleanerPrefix("min.cleanable.ratio")],
  ["min.compaction.lag.ms", cleanerPrefix("min.compaction.lag.ms")],
  ["min.insync.replicas", sameName("min.insync.replicas")],
  ["preallocate", logPrefix("preallocate")],
  ["retention.bytes", logPrefix("retention.bytes")],
  [
    "retention.ms",
    [
      ...logPrefix("retention.ms"),
      { name: "log.retention.minutes", unit: minuteMs },
      { name: "log.retention.hours", unit: hourMs },
    ],
  ],
  ["segment.bytes", logPrefix("segment.bytes")],
  ["segment.index.bytes", logPrefix("index.size.max.bytes")],
  [
    "segment.jitter.ms",
    [...logPrefix("roll.jitter.ms"), { name: "log.roll.jitter.hours", unit: hourMs }],
  ],
  ["segment.ms", [...logPrefix("roll.ms"), { name: "log.roll.hours", unit: hourMs }]],
  ["unclean.leader.election.enable", sameName("unclean.leader.election.enable")],
]);

const families = ["retention.ms", "segment.ms", "segment.jitter.ms"].map((name) =>
  (topicSynonyms.get(name) ?? []).map((synonym) => synonym.name),
);

/** All the names that a broker's config goes by, in the order in which they count (`brokerConfigSynonyms`). */
export function synonymsOfBrokerConfig(name: string): readonly string[] {
  if (name === "log.flush.interval.ms") return [name, "log.flush.scheduler.interval.ms"];
  const family = families.find((names) => names.includes(name));
  if (family !== undefined) return family;
  const base = /^listener\.name\.[^.]*\.(.*)$/.exec(name)?.[1];
  if (base === undefined) return [name];
  const perMechanism = /(sasl\.jaas\.config|connections\.max\.reauth\.ms)$/.exec(base)?.[1];
  return [name, perMechanism ?? base];
}
