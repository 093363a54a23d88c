import type { LogConfig } from "../log/log-config.ts";

/** Makes what a log needs to know of its topic from the topic's values in force, given as text. */
export function logConfigOf(textOf: (name: string) => string): LogConfig {
  const number = (name: string) => Number(textOf(name));
  const policies = textOf("cleanup.policy")
    .split(",")
    .map((policy) => policy.trim());
  const segmentBytes = textOf("internal.segment.bytes") || textOf("segment.bytes");
  return {
    segmentBytes: Number(segmentBytes),
    segmentMs: number("segment.ms"),
    segmentJitterMs: number("segment.jitter.ms"),
    segmentIndexBytes: number("segment.index.bytes"),
    flushMessages: number("flush.messages"),
    flushMs: number("flush.ms"),
    retentionBytes: number("retention.bytes"),
    retentionMs: number("retention.ms"),
    maxMessageBytes: number("max.message.bytes"),
    indexIntervalBytes: number("index.interval.bytes"),
    fileDeleteDelayMs: number("file.delete.delay.ms"),
    deleteRetentionMs: number("delete.retention.ms"),
    minCompactionLagMs: number("min.compaction.lag.ms"),
    maxCompactionLagMs: number("max.compaction.lag.ms"),
    minCleanableDirtyRatio: number("min.cleanable.dirty.ratio"),
    compacts: policies.includes("compact"),
    deletes: policies.includes("delete"),
    minInsyncReplicas: number("min.insync.replicas"),
    compressionType: textOf("compression.type") as LogConfig["compressionType"],
    compressionGzipLevel: number("compression.gzip.level"),
    compressionLz4Level: number("compression.lz4.level"),
    compressionZstdLevel: number("compression.zstd.level"),
    messageTimestampType:
      textOf("message.timestamp.type") === "LogAppendTime" ? "append" : "create",
    messageTimestampBeforeMaxMs: number("message.timestamp.before.max.ms"),
    messageTimestampAfterMaxMs: number("message.timestamp.after.max.ms"),
  };
}
