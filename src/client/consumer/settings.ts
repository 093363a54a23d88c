import { MillraceError } from "../../errors.ts";
import type { Isolation, OffsetReset } from "./offset-reset.ts";
import type { ConsumerOptions } from "./options.ts";

/** A consumer's options with the defaults filled in, as far as reading needs them. */
export interface ConsumerSettings {
  readonly groupId: string | undefined;
  readonly fetchMinBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly fetchMaxBytes: number;
  readonly maxPartitionFetchBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxDecompressedBatchBytes: number;
  readonly autoOffsetReset: OffsetReset;
  readonly isAutoCommitted: boolean;
  readonly autoCommitIntervalMs: number;
  readonly isolation: Isolation;
  readonly checkCrcs: boolean;
  readonly rebalanceTimeoutMs: number;
  readonly closeTimeoutMs: number;
}

/** Fills in the defaults; throws `INVALID_ARGUMENT` for options that cannot be, or not together. */
export function consumerSettings<K, V>(options: ConsumerOptions<K, V>): ConsumerSettings {
  refuseContradictions(options);
  const {
    groupId,
    fetchMinBytes = 1,
    fetchMaxWaitMs = 500,
    fetchMaxBytes = 52_428_800,
    maxPartitionFetchBytes = 1_048_576,
    maxBufferedBytes = 67_108_864,
    maxDecompressedBatchBytes = 134_217_728,
    autoOffsetReset = "latest",
    enableAutoCommit = groupId !== undefined,
    autoCommitIntervalMs = 5_000,
    isolationLevel = "read-uncommitted",
    checkCrcs = true,
    rebalanceTimeoutMs = 300_000,
    closeTimeoutMs = 30_000,
  } = options;
  const settings = {
    groupId,
    fetchMinBytes: whole("fetchMinBytes", fetchMinBytes, 0),
    fetchMaxWaitMs: whole("fetchMaxWaitMs", fetchMaxWaitMs, 0),
    fetchMaxBytes: whole("fetchMaxBytes", fetchMaxBytes, 1),
    maxPartitionFetchBytes: whole("maxPartitionFetchBytes", maxPartitionFetchBytes, 1),
    maxBufferedBytes: whole("maxBufferedBytes", maxBufferedBytes, 1),
    maxDecompressedBatchBytes: whole("maxDecompressedBatchBytes", maxDecompressedBatchBytes, 1),
    autoOffsetReset,
    isAutoCommitted: enableAutoCommit,
    autoCommitIntervalMs: whole("autoCommitIntervalMs", autoCommitIntervalMs, 1),
    isolation: isolationLevel,
    checkCrcs,
    rebalanceTimeoutMs: whole("rebalanceTimeoutMs", rebalanceTimeoutMs, 1),
    closeTimeoutMs: whole("closeTimeoutMs", closeTimeoutMs, 0),
  };
  if (typeof autoOffsetReset === "object") {
    whole("autoOffsetReset.durationMs", autoOffsetReset.durationMs, 0);
  }
  return settings;
}

function refuseContradictions<K, V>(options: ConsumerOptions<K, V>): void {
  const { topics, assignment, groupId, enableAutoCommit } = options;
  if (topics !== undefined && assignment !== undefined) {
    throw invalid("topics and assignment exclude each other: subscribe, or name the partitions");
  }
  if (groupId === "") throw invalid("groupId must not be empty");
  if (topics !== undefined && groupId === undefined) {
    throw invalid(
      "topics need a groupId, because a group shares their partitions out; without one, give assignment",
    );
  }
  if (Array.isArray(topics) && topics.length === 0) throw invalid("topics must not be empty");
  if (enableAutoCommit === true && groupId === undefined) {
    throw invalid("enableAutoCommit needs a groupId to commit for");
  }
}

function whole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw invalid(`${name} must be a whole number of at least ${least}, not ${value}`);
}

function invalid(message: string): MillraceError {
  return new MillraceError("INVALID_ARGUMENT", message);
}
