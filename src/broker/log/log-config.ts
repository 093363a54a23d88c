import type { Compression } from "../../protocol/index.ts";

/** How the log of a topic is kept: the topic's configs, parsed. Names are Kafka's in camelCase. */
export interface LogConfig {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentJitterMs: number;
  readonly segmentIndexBytes: number;
  readonly flushMessages: number;
  readonly flushMs: number;
  /** −1 for no bound. */
  readonly retentionBytes: number;
  /** −1 for no bound. */
  readonly retentionMs: number;
  readonly maxMessageBytes: number;
  readonly indexIntervalBytes: number;
  readonly fileDeleteDelayMs: number;
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
  readonly minCleanableDirtyRatio: number;
  /** Whether old segments are compacted, deleted, or both. */
  readonly compacts: boolean;
  readonly deletes: boolean;
  readonly minInsyncReplicas: number;
  /** "producer" keeps what the producer chose; "uncompressed" takes compression away. */
  readonly compressionType: "producer" | "uncompressed" | Exclude<Compression, "none">;
  readonly compressionGzipLevel: number;
  readonly compressionLz4Level: number;
  readonly compressionZstdLevel: number;
  readonly messageTimestampType: "create" | "append";
  readonly messageTimestampBeforeMaxMs: number;
  readonly messageTimestampAfterMaxMs: number;
}
