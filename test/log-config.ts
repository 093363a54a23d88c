import type { LogConfig } from "../src/broker/log/log-config.ts";

const hourMs = 3_600_000;

/** Kafka's defaults for the log of a topic. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 2 ** 30,
  segmentMs: 168 * hourMs,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * 2 ** 20,
  flushMessages: 2 ** 63,
  flushMs: 2 ** 63,
  retentionBytes: -1,
  retentionMs: 168 * hourMs,
  maxMessageBytes: 1_048_588,
  indexIntervalBytes: 4096,
  fileDeleteDelayMs: 60_000,
  deleteRetentionMs: 24 * hourMs,
  minCompactionLagMs: 0,
  maxCompactionLagMs: 2 ** 63,
  minCleanableDirtyRatio: 0.5,
  compacts: false,
  deletes: true,
  minInsyncReplicas: 1,
  compressionType: "producer",
  compressionGzipLevel: -1,
  compressionLz4Level: 9,
  compressionZstdLevel: 3,
  messageTimestampType: "create",
  messageTimestampBeforeMaxMs: 2 ** 63,
  messageTimestampAfterMaxMs: hourMs,
};
