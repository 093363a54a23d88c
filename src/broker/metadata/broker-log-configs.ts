import { type ConfigDefinition, config, unbounded } from "./config-definition.ts";

const hourMs = "of 3,600,000 milliseconds";

/** Configs of brokers about logs and topics; most are what topics take that do not set the like themselves. */
export const brokerLogConfigs: readonly ConfigDefinition[] = [
  config(
    "auto.create.topics.enable",
    "boolean",
    true,
    "Whether asking for the metadata of an unknown topic creates it.",
  ),
  config("compression.gzip.level", "int", -1, "compression.gzip.level of topics.", {
    pattern: /^(-1|[1-9])$/,
    isDynamic: true,
  }),
  config("compression.lz4.level", "int", 9, "compression.lz4.level of topics.", {
    min: 1,
    max: 17,
    isDynamic: true,
  }),
  config("compression.type", "string", "producer", "compression.type of topics.", {
    oneOf: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
    isDynamic: true,
  }),
  config("compression.zstd.level", "int", 3, "compression.zstd.level of topics.", {
    min: -131072,
    max: 22,
    isDynamic: true,
  }),
  config(
    "default.replication.factor",
    "int",
    1,
    "How many replicas a topic has that asks for no number; one node can hold one.",
    { min: 1 },
  ),
  config("delete.topic.enable", "boolean", true, "Whether topics can be deleted."),
  config(
    "log.cleaner.backoff.ms",
    "long",
    15000,
    "How long compaction rests when no log needs it, in milliseconds.",
    { min: 0, isDynamic: true },
  ),
  config(
    "log.cleaner.dedupe.buffer.size",
    "long",
    134217728,
    "How much memory compaction may use for the keys it has seen, in bytes.",
    { isDynamic: true },
  ),
  config("log.cleaner.delete.retention.ms", "long", 86400000, "delete.retention.ms of topics.", {
    min: 0,
    isDynamic: true,
  }),
  config("log.cleaner.enable", "boolean", true, "Whether compacted topics are compacted."),
  config(
    "log.cleaner.io.buffer.load.factor",
    "double",
    0.9,
    "How full the memory for keys may become.",
    { isDynamic: true },
  ),
  config(
    "log.cleaner.io.buffer.size",
    "int",
    524288,
    "How much memory compaction reads into, in bytes.",
    { min: 0, isDynamic: true },
  ),
  config(
    "log.cleaner.io.max.bytes.per.second",
    "double",
    "1.7976931348623157E308",
    "How many bytes a second compaction may read and write.",
    { isDynamic: true },
  ),
  config(
    "log.cleaner.max.compaction.lag.ms",
    "long",
    unbounded,
    "max.compaction.lag.ms of topics.",
    { min: 1, isDynamic: true },
  ),
  config("log.cleaner.min.cleanable.ratio", "double", 0.5, "min.cleanable.dirty.ratio of topics.", {
    min: 0,
    max: 1,
    isDynamic: true,
  }),
  config("log.cleaner.min.compaction.lag.ms", "long", 0, "min.compaction.lag.ms of topics.", {
    min: 0,
    isDynamic: true,
  }),
  config("log.cleaner.threads", "int", 1, "How many logs are compacted at once; here it is one.", {
    min: 0,
    isDynamic: true,
  }),
  config("log.cleanup.policy", "list", "delete", "cleanup.policy of topics.", {
    oneOf: ["compact", "delete"],
    isDynamic: true,
  }),
  config("log.dir", "list", "/tmp/kafka-logs", "Where the data lies unless log.dirs says so."),
  config("log.dirs", "list", null, "Where the data lies; this broker takes one directory."),
  config("log.flush.interval.messages", "long", unbounded, "flush.messages of topics.", {
    min: 1,
    isDynamic: true,
  }),
  config(
    "log.flush.interval.ms",
    "long",
    null,
    "flush.ms of topics; log.flush.scheduler.interval.ms if not set.",
    { isDynamic: true },
  ),
  config(
    "log.flush.offset.checkpoint.interval.ms",
    "int",
    60000,
    "How often it is noted up to where logs are safe from a crash, in milliseconds.",
    { min: 0 },
  ),
  config(
    "log.flush.scheduler.interval.ms",
    "long",
    unbounded,
    "How often it is looked whether a log must be made safe, in milliseconds.",
  ),
  config(
    "log.flush.start.offset.checkpoint.interval.ms",
    "int",
    60000,
    "How often it is noted where logs start, in milliseconds.",
    { min: 0 },
  ),
  config("log.index.interval.bytes", "int", 4096, "index.interval.bytes of topics.", {
    min: 0,
    isDynamic: true,
  }),
  config("log.index.size.max.bytes", "int", 10485760, "segment.index.bytes of topics.", {
    min: 4,
    isDynamic: true,
  }),
  config("log.local.retention.bytes", "long", -2, "local.retention.bytes of topics.", {
    min: -2,
    isDynamic: true,
  }),
  config("log.local.retention.ms", "long", -2, "local.retention.ms of topics.", {
    min: -2,
    isDynamic: true,
  }),
  config(
    "log.message.timestamp.after.max.ms",
    "long",
    3600000,
    "message.timestamp.after.max.ms of topics.",
    { min: 0, isDynamic: true },
  ),
  config(
    "log.message.timestamp.before.max.ms",
    "long",
    unbounded,
    "message.timestamp.before.max.ms of topics.",
    { min: 0, isDynamic: true },
  ),
  config(
    "log.message.timestamp.type",
    "string",
    "CreateTime",
    "message.timestamp.type of topics.",
    { oneOf: ["CreateTime", "LogAppendTime"], isDynamic: true },
  ),
  config("log.preallocate", "boolean", false, "preallocate of topics.", { isDynamic: true }),
  config("log.retention.bytes", "long", -1, "retention.bytes of topics.", { isDynamic: true }),
  config(
    "log.retention.check.interval.ms",
    "long",
    300000,
    "How often it is looked which segments are too old, in milliseconds.",
    { min: 1 },
  ),
  config(
    "log.retention.hours",
    "int",
    168,
    `retention.ms of topics, in hours ${hourMs}; gives way to the settings in minutes and milliseconds.`,
  ),
  config(
    "log.retention.minutes",
    "int",
    null,
    "retention.ms of topics, in minutes; gives way to the setting in milliseconds.",
  ),
  config("log.retention.ms", "long", null, "retention.ms of topics.", { isDynamic: true }),
  config(
    "log.roll.hours",
    "int",
    168,
    `segment.ms of topics, in hours ${hourMs}; gives way to the setting in milliseconds.`,
    { min: 1 },
  ),
  config(
    "log.roll.jitter.hours",
    "int",
    0,
    `segment.jitter.ms of topics, in hours ${hourMs}; gives way to the setting in milliseconds.`,
    { min: 0 },
  ),
  config("log.roll.jitter.ms", "long", null, "segment.jitter.ms of topics.", { isDynamic: true }),
  config("log.roll.ms", "long", null, "segment.ms of topics.", { isDynamic: true }),
  config("log.segment.bytes", "int", 1073741824, "segment.bytes of topics.", {
    min: 1048576,
    isDynamic: true,
  }),
  config("log.segment.delete.delay.ms", "long", 60000, "file.delete.delay.ms of topics.", {
    min: 0,
    isDynamic: true,
  }),
  config("message.max.bytes", "int", 1048588, "max.message.bytes of topics.", {
    min: 0,
    isDynamic: true,
  }),
  config("min.insync.replicas", "int", 1, "min.insync.replicas of topics.", {
    min: 1,
    isDynamic: true,
  }),
  config("num.partitions", "int", 1, "How many partitions a topic has that asks for no number.", {
    min: 1,
  }),
  config(
    "num.recovery.threads.per.data.dir",
    "int",
    2,
    "How many logs are recovered at once after a crash; here it is one.",
    { min: 1, isDynamic: true },
  ),
  config(
    "unclean.leader.election.enable",
    "boolean",
    false,
    "unclean.leader.election.enable of topics.",
    { isDynamic: true },
  ),
];
