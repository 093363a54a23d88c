import { type RecordBatch, RecordCursor } from "../../protocol/index.ts";
import type { Random } from "../../random.ts";
import { BatchFilter } from "./batch-filter.ts";
import { CleanedTransactions } from "./cleaned-transactions.ts";
import { CleanerKeyMap } from "./cleaner-key-map.ts";
import { type CleaningRange, cleaningRange, segmentsIn } from "./cleaning-range.ts";
import type { LogConfig } from "./log-config.ts";
import type { PartitionLog } from "./partition-log.ts";
import { decompressedLimitBytes } from "./record-validation.ts";
import type { Segment } from "./segment.ts";

/** What one compaction did. */
export interface CleaningResult {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** What a compaction needs besides the log. */
export interface CleaningOptions {
  /** The time in milliseconds since 1970. */
  readonly now: number;
  readonly random: Random;
  /** The most that the map of keys may take (`log.cleaner.dedupe.buffer.size`); a compaction goes only as far as it reaches. */
  readonly dedupeBufferBytes?: number | undefined;
}

/** Kafka's default of `log.cleaner.dedupe.buffer.size`. No more of it is taken than the keys need. */
const defaultDedupeBufferBytes = 128 * 1024 * 1024;
/** How many bytes of cleaned batches are gathered before they are written. */
const writeBytes = 512 * 1024;

/** What a cleaning yields between two steps: something to be awaited, or nothing. */
export type CleaningPause = Promise<void> | undefined;

/**
 * Compacts the part of a log that is not active, as Kafka's `Cleaner` does, in steps: each `next()` of
 * the generator works for a few milliseconds at most, so that the event loop keeps its turns. What it
 * yields is to be awaited before the next step. A log that loses segments to retention meanwhile is
 * left as it is. Who stops half-way calls `return()`, which removes what is half done.
 */
export function* cleanLog(
  log: PartitionLog,
  { now, random, dedupeBufferBytes = defaultDedupeBufferBytes }: CleaningOptions,
): Generator<CleaningPause, CleaningResult, void> {
  const { start, end } = cleaningRange(log, now);
  const keys = new CleanerKeyMap({
    limitBytes: dedupeBufferBytes,
    mostKeys: end - start,
    secret: random.bytes(8),
  });
  const pace = new Pace();
  const keysEnd = yield* mapKeys(log, { start, end }, keys, pace);
  const transactions = new CleanedTransactions();
  const filter = new BatchFilter({
    keys,
    keysEnd,
    cleaningEnd: end,
    now,
    deleteRetentionMs: log.config.deleteRetentionMs,
    transactions,
    isLastOfProducer: (batch) => log.producers.isLastOfProducer(batch),
  });
  let bytesBefore = 0;
  let bytesAfter = 0;
  for (const group of groupSegments(segmentsIn(log, 0, keysEnd), log.config, end)) {
    const before = group.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
    const after = yield* cleanSegments(log, group, { filter, transactions, pace });
    if (after === undefined) return { bytesBefore, bytesAfter };
    bytesBefore += before;
    bytesAfter += after;
  }
  if (keysEnd > start) log.cleanedUpTo = keysEnd;
  return { bytesBefore, bytesAfter };
}

/**
 * Notes the last offset of each key in the dirty part, as far as the map has room; gives the offset
 * (exclusive) up to which the map knows the log. Aborted records do not count.
 */
function* mapKeys(
  log: PartitionLog,
  { start, end }: CleaningRange,
  keys: CleanerKeyMap,
  pace: Pace,
): Generator<CleaningPause, number, void> {
  const transactions = new CleanedTransactions();
  transactions.addAborted(log.abortedTransactions(start, end));
  const cursor = new RecordCursor();
  let keysEnd = start;
  for (const segment of segmentsIn(log, start, end)) {
    const reader = segment.batches();
    for (let batch = reader.next(); batch !== undefined; batch = reader.next()) {
      if (batch.lastOffset < start) continue;
      if (batch.isControl) transactions.isDispensable(batch);
      else if (!transactions.isAborted(batch)) {
        cursor.open(batch, decompressedLimitBytes);
        while (cursor.next()) {
          if (cursor.keyStart < 0 || cursor.offset < start) continue;
          if (keys.isFull) return keysEnd;
          keys.put(cursor.buffer, cursor.keyStart, cursor.keyEnd, cursor.offset);
          keysEnd = cursor.offset + 1;
        }
      }
      keysEnd = batch.lastOffset + 1;
      if (pace.isOver(batch)) yield;
    }
  }
  return end;
}

/**
 * Joins neighbours into groups, each of which becomes one segment, so that segments do not get ever
 * smaller: as many as stay within the limits for a segment before anything is dropped.
 */
function groupSegments(
  segments: readonly Segment[],
  { segmentBytes, segmentIndexBytes }: LogConfig,
  cleaningEnd: number,
): Segment[][] {
  const groups: Segment[][] = [];
  let group: Segment[] = [];
  let [bytes, offsetBytes, timeBytes] = [0, 0, 0];
  for (const [index, segment] of segments.entries()) {
    const { sizeInBytes, offsetIndexBytes, timeIndexBytes } = segment;
    bytes += sizeInBytes;
    offsetBytes += offsetIndexBytes;
    timeBytes += timeIndexBytes;
    const lastOffset = (segments[index + 1]?.baseOffset ?? cleaningEnd) - 1;
    const fits =
      bytes <= segmentBytes &&
      offsetBytes <= segmentIndexBytes &&
      timeBytes <= segmentIndexBytes &&
      (sizeInBytes === 0 || group[0]?.canHold(lastOffset));
    if (fits && group.length > 0) {
      group.push(segment);
      continue;
    }
    group = [segment];
    groups.push(group);
    [bytes, offsetBytes, timeBytes] = [sizeInBytes, offsetIndexBytes, timeIndexBytes];
  }
  return groups;
}

/** Puts one segment in the place of a group; gives its size, or undefined if the group is no longer whole. */
function* cleanSegments(
  log: PartitionLog,
  group: readonly Segment[],
  tools: {
    readonly filter: BatchFilter;
    readonly transactions: CleanedTransactions;
    readonly pace: Pace;
  },
): Generator<CleaningPause, number | undefined, void> {
  const [first] = group;
  if (first === undefined) return 0;
  const cleaned = log.newCleanedSegment(first.baseOffset);
  let isReady = false;
  try {
    for (const [index, segment] of group.entries()) {
      const end = group[index + 1]?.baseOffset ?? segment.readEndOffset();
      tools.transactions.addAborted(log.abortedTransactions(segment.baseOffset, end));
      yield* cleanInto(cleaned, segment, tools);
      cleaned.modifiedAt = segment.modifiedAt;
    }
    const retained = tools.transactions.retained.splice(0);
    for (const transaction of retained) cleaned.transactions.append(transaction);
    cleaned.seal();
    // Takes the time that the disk needs off the event loop; the replacement then finds little to do.
    yield cleaned.syncInBackground();
    isReady = group.every((segment) => log.segments.includes(segment));
  } finally {
    if (!isReady) cleaned.remove();
  }
  if (!isReady) return undefined;
  log.replaceSegments(cleaned, group);
  return cleaned.sizeInBytes;
}

/** Appends to `cleaned` what the filter leaves of a segment. */
function* cleanInto(
  cleaned: Segment,
  segment: Segment,
  { filter, pace }: { readonly filter: BatchFilter; readonly pace: Pace },
): Generator<CleaningPause, void, void> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const write = () => {
    if (bytes > 0) cleaned.append(Buffer.concat(parts, bytes));
    parts = [];
    bytes = 0;
  };
  const reader = segment.batches();
  for (let batch = reader.next(); batch !== undefined; batch = reader.next()) {
    const kept = filter.apply(batch);
    if (kept !== undefined) {
      parts.push(kept);
      bytes += kept.length;
    }
    if (bytes >= writeBytes) write();
    if (pace.isOver(batch)) yield;
  }
  write();
}

/** How many bytes of batches a step looks at; a record counts for some more than it has. */
const stepBytes = 512 * 1024;
const bytesPerRecord = 100;

/** Cuts the work into steps of a few milliseconds, by what there is to do rather than by the clock. */
class Pace {
  #bytes = 0;

  /** Notes a batch that was dealt with; whether that was enough for one step. */
  isOver(batch: RecordBatch): boolean {
    this.#bytes += batch.sizeInBytes + batch.count * bytesPerRecord;
    if (this.#bytes < stepBytes) return false;
    this.#bytes = 0;
    return true;
  }
}
