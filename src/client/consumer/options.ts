import type { Assignor } from "../group/assignor.ts";
import type { Deserializer } from "../serde.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { Isolation, OffsetReset } from "./offset-reset.ts";

/** What happened to a consumer's partitions. */
export interface RebalanceEvent {
  /**
   * "assigned": they are the consumer's from now on. "revoked": they will be another's, as soon as
   * this has been dealt with. "lost": they are another's already, so that nothing can be committed.
   */
  readonly event: "assigned" | "revoked" | "lost";
  readonly partitions: readonly TopicPartition[];
}

/** How a consumer reads. `topics` with a `groupId`, or `assignment`, is what most of them give. */
export interface ConsumerOptions<K = Buffer, V = Buffer> {
  /** The topics to subscribe to, by names or by a pattern that their names match; needs a `groupId`. */
  readonly topics?: readonly string[] | RegExp | undefined;
  /** The partitions to read, without sharing them with a group. Exclusive with `topics`. */
  readonly assignment?: readonly TopicPartition[] | undefined;
  /** The group that shares the topics' partitions and remembers how far it has come. */
  readonly groupId?: string | undefined;
  /** "classic" (the default), or "consumer" for the newer protocol in which the broker assigns (KIP-848). */
  readonly groupProtocol?: "classic" | "consumer" | undefined;
  /** A name that outlives restarts: the member keeps its partitions over them (KIP-345). */
  readonly groupInstanceId?: string | undefined;
  /** How the classic protocol's leader may share partitions out, best first; range, then cooperative sticky. */
  readonly assignors?: readonly Assignor[] | undefined;
  /** How the broker shares partitions out in the newer protocol: "uniform" or "range"; its choice by default. */
  readonly serverAssignor?: string | undefined;
  /** After how long without a heartbeat the group drops the member; 45,000 ms by default. Classic protocol only. */
  readonly sessionTimeoutMs?: number | undefined;
  /** How often the member shows that it is alive; 3,000 ms by default. Classic protocol only. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long a rebalance may take, the work on the batch in hand included; 300,000 ms by default. */
  readonly rebalanceTimeoutMs?: number | undefined;
  /** What keys are turned into; bytes by default, a slice of the network's buffer. */
  readonly key?: Deserializer<K> | undefined;
  /** What values are turned into; bytes by default, a slice of the network's buffer. */
  readonly value?: Deserializer<V> | undefined;
  /** How many bytes a broker waits for before it answers, up to `fetchMaxWaitMs`; 1 by default. */
  readonly fetchMinBytes?: number | undefined;
  /** How long a broker waits for `fetchMinBytes`; 500 ms by default. */
  readonly fetchMaxWaitMs?: number | undefined;
  /** How large one answer of a broker may be; 52,428,800 bytes by default. A larger batch comes anyway. */
  readonly fetchMaxBytes?: number | undefined;
  /** How much of one partition an answer may have; 1,048,576 bytes by default. A larger batch comes anyway. */
  readonly maxPartitionFetchBytes?: number | undefined;
  /**
   * How many bytes, as they came, may be buffered or asked for in all; 67,108,864 by default: with
   * what the garbage collector has not got round to yet, a reader of any topic then stays well under
   * 300 MB.
   */
  readonly maxBufferedBytes?: number | undefined;
  /** How large one compressed batch may become; 134,217,728 bytes by default. A larger one is an error. */
  readonly maxDecompressedBatchBytes?: number | undefined;
  /**
   * Whether the memory of a batch is used again once it is given back: when the loop asks for the
   * next one, or at the next poll. True by default where `key` and `value` are deserializers that keep
   * no slices of it, as `string` and `json` are; reading is then up to three times as fast, and a batch
   * that is read too late throws `INVALID_STATE`. Set it for a reader by cursor that keeps none itself.
   */
  readonly reuseBuffers?: boolean | undefined;
  /** Where to begin without a committed offset, or when it is gone; "latest" by default. */
  readonly autoOffsetReset?: OffsetReset | undefined;
  /** Whether what was consumed is committed by itself; true by default where there is a `groupId`. */
  readonly enableAutoCommit?: boolean | undefined;
  /** How often it is; 5,000 ms by default. */
  readonly autoCommitIntervalMs?: number | undefined;
  /** Whether records of open and aborted transactions are read; "read-uncommitted" by default. */
  readonly isolationLevel?: Isolation | undefined;
  /** Whether batches are compared with their checksums; true by default. */
  readonly checkCrcs?: boolean | undefined;
  /**
   * Is told when partitions come and go; the group waits for its promise, up to `rebalanceTimeoutMs`.
   * What it marks or commits for revoked partitions is committed before they go. If it throws, the
   * consumer fails with that error.
   */
  readonly onRebalance?: ((event: RebalanceEvent) => void | Promise<void>) | undefined;
  /** Ends the consumer when it aborts: iterations end once the batch in hand is done, then it closes. */
  readonly signal?: AbortSignal | undefined;
  /** How long closing may take; 30,000 ms by default. */
  readonly closeTimeoutMs?: number | undefined;
}

/** How a poll waits, and whose its batches are. */
export interface PollOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait while nothing is there; 0 by default. */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether the batches stay the caller's until it calls `release()` on each, over further polls; then
   * nothing of them counts as consumed by itself. False by default.
   */
  readonly keep?: boolean | undefined;
}
