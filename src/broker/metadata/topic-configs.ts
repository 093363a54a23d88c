import { BrokerError } from "../../errors.ts";
import {
  type ConfigDefinition,
  type ConfigDefinitions,
  config,
  configsByName,
  parseConfig,
  unbounded,
} from "./config-definition.ts";

const throttled = /^$|^\*$|^\d+:\d+(,\d+:\d+)*$/;

/** Every config that a topic can have in Kafka 4.3.1 (`LogConfig`), with Kafka's defaults and bounds. */
export const topicConfigs: ConfigDefinitions = configsByName([
  config(
    "cleanup.policy",
    "list",
    "delete",
    "What becomes of old segments: they are deleted, compacted to the last record of each key, or both. With an empty list neither happens.",
    { oneOf: ["compact", "delete"] },
  ),
  config(
    "compression.gzip.level",
    "int",
    -1,
    "The level of gzip where the broker compresses; -1 is zlib's own choice.",
    { pattern: /^(-1|[1-9])$/ },
  ),
  config("compression.lz4.level", "int", 9, "The level of LZ4 where the broker compresses.", {
    min: 1,
    max: 17,
  }),
  config(
    "compression.type",
    "string",
    "producer",
    "How records are stored: as the producer compressed them, or by the codec that is named here.",
    { oneOf: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"] },
  ),
  config("compression.zstd.level", "int", 3, "The level of zstd where the broker compresses.", {
    min: -131072,
    max: 22,
  }),
  config(
    "delete.retention.ms",
    "long",
    86400000,
    "How long a tombstone stays in a compacted topic, in milliseconds, so that readers can see it.",
    { min: 0 },
  ),
  config(
    "file.delete.delay.ms",
    "long",
    60000,
    "How long a deleted segment's files stay on the disk, in milliseconds.",
    { min: 0 },
  ),
  config(
    "flush.messages",
    "long",
    unbounded,
    "After how many records the log is made safe from a loss of power; best left to the operating system.",
    { min: 1 },
  ),
  config(
    "flush.ms",
    "long",
    unbounded,
    "After how many milliseconds the log is made safe from a loss of power; best left to the operating system.",
    { min: 0 },
  ),
  config(
    "follower.replication.throttled.replicas",
    "list",
    "",
    "The replicas (partition:broker, or * for all) that are throttled as followers.",
    { pattern: throttled },
  ),
  config(
    "index.interval.bytes",
    "int",
    4096,
    "How many bytes of log lie between two entries of the offset index.",
    { min: 0 },
  ),
  config(
    "leader.replication.throttled.replicas",
    "list",
    "",
    "The replicas (partition:broker, or * for all) that are throttled as leaders.",
    { pattern: throttled },
  ),
  config(
    "local.retention.bytes",
    "long",
    -2,
    "How many bytes of a tiered partition stay on the broker; -2 stands for retention.bytes.",
    { min: -2 },
  ),
  config(
    "local.retention.ms",
    "long",
    -2,
    "How long segments of a tiered partition stay on the broker; -2 stands for retention.ms.",
    { min: -2 },
  ),
  config(
    "max.compaction.lag.ms",
    "long",
    unbounded,
    "How long a record can stay out of compaction at most, in milliseconds.",
    { min: 1 },
  ),
  config(
    "max.message.bytes",
    "int",
    1048588,
    "The size of the largest record batch that is taken, after compression.",
    { min: 0 },
  ),
  config(
    "message.timestamp.after.max.ms",
    "long",
    3600000,
    "How far a record's timestamp may be ahead of the broker's clock, in milliseconds.",
    { min: 0 },
  ),
  config(
    "message.timestamp.before.max.ms",
    "long",
    unbounded,
    "How far a record's timestamp may be behind the broker's clock, in milliseconds.",
    { min: 0 },
  ),
  config(
    "message.timestamp.type",
    "string",
    "CreateTime",
    "Whether a record bears the time of its creation or that of its arrival.",
    { oneOf: ["CreateTime", "LogAppendTime"] },
  ),
  config(
    "min.cleanable.dirty.ratio",
    "double",
    0.5,
    "Which share of a log must be uncompacted before it is compacted again.",
    { min: 0, max: 1 },
  ),
  config(
    "min.compaction.lag.ms",
    "long",
    0,
    "How long a record stays out of compaction at least, in milliseconds.",
    { min: 0 },
  ),
  config(
    "min.insync.replicas",
    "int",
    1,
    "How many replicas must have a record before a producer with acks=all is answered.",
    { min: 1 },
  ),
  config(
    "preallocate",
    "boolean",
    false,
    "Whether a segment's file gets its full size when it is made.",
  ),
  config(
    "remote.log.copy.disable",
    "boolean",
    false,
    "Whether tiered data is read only and no longer copied to remote storage.",
  ),
  config(
    "remote.log.delete.on.disable",
    "boolean",
    false,
    "Whether tiered data is deleted when tiered storage is switched off for the topic.",
  ),
  config(
    "remote.storage.enable",
    "boolean",
    false,
    "Whether the topic has tiered storage, which this broker does not offer.",
  ),
  config(
    "retention.bytes",
    "long",
    -1,
    "How large a partition may become before its oldest segments are deleted; -1 for any size.",
  ),
  config(
    "retention.ms",
    "long",
    604800000,
    "How long records are kept before their segment is deleted, in milliseconds; -1 for ever.",
    { min: -1 },
  ),
  config(
    "segment.bytes",
    "int",
    1073741824,
    "How large a segment of the log becomes before the next one is begun.",
    { min: 1048576 },
  ),
  config(
    "segment.index.bytes",
    "int",
    10485760,
    "How large the index of offsets of a segment may become.",
    { min: 4 },
  ),
  config(
    "segment.jitter.ms",
    "long",
    0,
    "By how much at most the rolling of segments is spread in time, in milliseconds.",
    { min: 0 },
  ),
  config(
    "segment.ms",
    "long",
    604800000,
    "After how many milliseconds the next segment is begun even if the present one is not full.",
    { min: 1 },
  ),
  config(
    "unclean.leader.election.enable",
    "boolean",
    false,
    "Whether a replica that may lack records can become leader.",
  ),
]);

/** Configs that topics may be given and that are not shown unless they are: for tests of Kafka itself. */
const hidden: ConfigDefinitions = configsByName([
  config(
    "internal.segment.bytes",
    "int",
    null,
    "The size of a segment without the usual lower bound.",
  ),
]);

/** Finds the definition of a topic's config; undefined for unknown ones. */
export function topicConfig(name: string): ConfigDefinition | undefined {
  return topicConfigs.get(name) ?? hidden.get(name);
}

/**
 * Checks the configs that a topic is to have (`LogConfig.validate`); throws INVALID_CONFIG.
 * `inherited` gives the broker's value of a config that the topic does not set.
 */
export function checkTopicConfigs(
  configs: ReadonlyMap<string, string>,
  inherited: (name: string) => string,
): void {
  for (const name of configs.keys()) {
    if (topicConfig(name) === undefined) {
      throw new BrokerError("INVALID_CONFIG", `Unknown topic config name: ${name}`);
    }
  }
  for (const [name, text] of configs) {
    const definition = topicConfig(name);
    if (definition !== undefined) parseConfig(definition, text);
  }
  const numberOf = (name: string) => Number(configs.get(name) ?? inherited(name));
  const least = numberOf("min.compaction.lag.ms");
  const most = numberOf("max.compaction.lag.ms");
  if (least > most) {
    const message = `conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`;
    throw new BrokerError("INVALID_CONFIG", message);
  }
  if (configs.get("remote.storage.enable")?.trim().toLowerCase() === "true") {
    const message =
      "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.";
    throw new BrokerError("INVALID_CONFIG", message);
  }
}
