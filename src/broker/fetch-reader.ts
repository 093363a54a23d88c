import { brokerErrorNumber } from "../broker-error-code.ts";
import { BrokerError } from "../errors.ts";
import type { FramePool } from "../frame-pool.ts";
import type { Logger } from "../log.ts";
import type { FetchTarget } from "./fetch-sessions.ts";
import type { AbortedTransaction } from "./log/log-reader.ts";
import type { Partition } from "./partition.ts";
import type { Partitions } from "./partitions.ts";

/** What a fetch found in one partition, in the form of the answer. */
export interface FetchedPartition {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  readonly preferredReadReplica: number;
  readonly records: Buffer;
  readonly divergingEpoch?: { readonly epoch: number; readonly endOffset: number };
  readonly currentLeader?: { readonly leaderId: number; readonly leaderEpoch: number };
}

/** One partition's part of a fetch. */
export interface Fetched {
  readonly target: FetchTarget;
  readonly answer: FetchedPartition;
}

/** What a fetch found in all partitions. */
export interface FetchReading {
  readonly fetched: readonly Fetched[];
  readonly bytes: number;
  /** Whether the client must hear of it at once: an error, or a log that has diverged. */
  readonly isUrgent: boolean;
}

/** How a fetch reads. */
export interface FetchReaderOptions {
  readonly partitions: Partitions;
  readonly logger: Logger;
  readonly nodeId: number;
  readonly maxBytes: number;
  /** Committed records only. */
  readonly committed: boolean;
  /** Where large reads go. */
  readonly memory: FramePool;
}

const noRecords = Buffer.alloc(0);

/**
 * Reads from the partitions in their order until the answer is full; the first batch that is found
 * comes whole however large it is (KIP-74, `ReplicaManager.readFromLog`).
 */
export function readPartitions(
  targets: Iterable<FetchTarget>,
  options: FetchReaderOptions,
): FetchReading {
  const fetched: Fetched[] = [];
  let bytes = 0;
  let isUrgent = false;
  for (const target of targets) {
    const room = Math.max(0, options.maxBytes - bytes);
    const answer = readPartition(target, room, bytes === 0, options);
    bytes += answer.records.length;
    if (answer.errorCode !== 0 || answer.divergingEpoch !== undefined) isUrgent = true;
    fetched.push({ target, answer });
  }
  return { fetched, bytes, isUrgent };
}

/** The answer for a partition that cannot be read. */
export function unreadable(partitionIndex: number, errorCode: number): FetchedPartition {
  return {
    partitionIndex,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: noRecords,
  };
}

function readPartition(
  target: FetchTarget,
  room: number,
  minOneBatch: boolean,
  options: FetchReaderOptions,
): FetchedPartition {
  const { index } = target;
  let partition: Partition | undefined;
  try {
    partition = partitionOf(target, options.partitions);
    checkLeaderEpoch(target.currentLeaderEpoch, partition);
    const { log } = partition;
    const { highWatermark, lastStableOffset, logStartOffset } = log;
    const state = {
      partitionIndex: index,
      errorCode: 0,
      highWatermark,
      lastStableOffset,
      logStartOffset,
      preferredReadReplica: -1,
    };
    const divergingEpoch = divergence(target, partition);
    if (divergingEpoch) {
      return { ...state, abortedTransactions: null, records: noRecords, divergingEpoch };
    }
    const maxBytes = Math.min(target.maxBytes, room);
    const { committed } = options;
    const take = (length: number) => takeMemory(options.memory, length);
    const found = log.read(target.fetchOffset, { maxBytes, minOneBatch, committed, take });
    const abortedTransactions = found.abortedTransactions ?? null;
    return { ...state, abortedTransactions, records: found.records };
  } catch (error) {
    return failed(target, partition, error, options);
  }
}

/** Reads of this many bytes and more go into memory that is used again. */
const largeReadBytes = 64 * 1024;

function takeMemory(memory: FramePool, length: number): Buffer {
  return length < largeReadBytes ? Buffer.allocUnsafe(length) : memory.take(length);
}

function failed(
  { topic, index }: FetchTarget,
  partition: Partition | undefined,
  error: unknown,
  { logger, nodeId }: FetchReaderOptions,
): FetchedPartition {
  if (!(error instanceof BrokerError)) {
    logger.error({ topic, partition: index, error }, "a partition could not be read");
    return unreadable(index, brokerErrorNumber("UNKNOWN_SERVER_ERROR"));
  }
  const answer = unreadable(index, brokerErrorNumber(error.code));
  if (error.code !== "FENCED_LEADER_EPOCH" || !partition) return answer;
  return { ...answer, currentLeader: { leaderId: nodeId, leaderEpoch: partition.leaderEpoch } };
}

/** The partition of a target; throws where it is not there, or its topic is another by now. */
function partitionOf(target: FetchTarget, partitions: Partitions): Partition {
  const known = target.partition;
  if (known && !known.isGone) return known;
  const partition = partitions.getOrThrow(target.topic as string, target.index);
  if (target.topicId !== "" && target.topicId !== partition.topicId) {
    const message = `${target.topic} has another id than the fetch says: it was deleted and made anew`;
    throw new BrokerError("INCONSISTENT_TOPIC_ID", message);
  }
  target.partition = partition;
  return partition;
}

/** Throws unless the client's idea of the leader's epoch, −1 for none, is the present one (KIP-320). */
export function checkLeaderEpoch(epoch: number, { topic, index, leaderEpoch }: Partition): void {
  if (epoch < 0 || epoch === leaderEpoch) return;
  const message = `leader epoch ${epoch} was given for ${topic}-${index}, whose epoch is ${leaderEpoch}`;
  if (epoch < leaderEpoch) throw new BrokerError("FENCED_LEADER_EPOCH", message);
  throw new BrokerError("UNKNOWN_LEADER_EPOCH", message);
}

/** Where the client's log and this one part, if the client told its last epoch and they do (KIP-595). */
function divergence(
  { lastFetchedEpoch, fetchOffset }: FetchTarget,
  { log, topic, index }: Partition,
): { epoch: number; endOffset: number } | undefined {
  if (lastFetchedEpoch < 0) return undefined;
  const { epoch, endOffset } = log.endOfEpoch(lastFetchedEpoch);
  if (epoch < 0 || endOffset < 0) {
    const message = `the end of epoch ${lastFetchedEpoch} of ${topic}-${index} is not known`;
    throw new BrokerError("OFFSET_OUT_OF_RANGE", message);
  }
  if (epoch >= lastFetchedEpoch && endOffset >= fetchOffset) return undefined;
  return { epoch, endOffset };
}
