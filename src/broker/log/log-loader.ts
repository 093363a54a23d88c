import type { Disk } from "../../disk.ts";
import { DecodeError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { RecordBatch } from "../../protocol/index.ts";
import type { FileDeletions } from "./file-deletions.ts";
import { LeaderEpochs, leaderEpochFile } from "./leader-epochs.ts";
import type { LogConfig } from "./log-config.ts";
import { type LogFileName, logFileName, parseLogFileName } from "./log-file-names.ts";
import { ProducerStates } from "./producer-states.ts";
import type { Segment } from "./segment.ts";
import { Segments } from "./segments.ts";
import { SnapshotFiles } from "./snapshot-files.ts";
import { finishReplacements } from "./unfinished-replacement.ts";

/** What a log is loaded from. */
export interface LoadOptions {
  readonly disk: Disk;
  readonly logger: Logger;
  readonly deletions: FileDeletions;
  readonly directory: string;
  readonly config: LogConfig;
  /** The time in milliseconds since 1970. */
  readonly now: number;
  /** Whether the files can be trusted as they are, since the last program closed them. */
  readonly wasClosedCleanly: boolean;
  /** Up to where the log was safe when that was last noted. */
  readonly recoveryPoint: number;
  /** Where the log started when that was last noted. */
  readonly logStartOffset: number;
  readonly producerIdExpirationMs: number;
}

/** The parts of a log that has been loaded. */
export interface LoadedLog {
  readonly segments: Segments;
  readonly epochs: LeaderEpochs;
  readonly snapshots: SnapshotFiles;
  readonly producers: ProducerStates;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly recoveryPoint: number;
  /** Whether files were changed by recovery, which may not be safe yet. */
  readonly isRecovered: boolean;
}

/**
 * Loads the log in a partition's directory (`LogLoader`). After a clean close it trusts the files and
 * reads little more than their names; else it checks all batches from the recovery point on, cuts off
 * what is torn, and builds indexes and producers' states again. Then there are no whole batches behind
 * broken ones: everything after the first broken one goes.
 */
export function loadLog(options: LoadOptions): LoadedLog {
  const { disk, directory, now } = options;
  const names = finishReplacements(disk, directory);
  const parts: LogParts = {
    segments: openSegments(options, names),
    epochs: new LeaderEpochs(disk, directory, names.includes(leaderEpochFile)),
    snapshots: new SnapshotFiles(disk, directory, offsetsOf(names, ".snapshot")),
    producers: new ProducerStates(),
  };
  const { segments, epochs, snapshots, producers } = parts;
  const isRecovered = recoverSegments(parts, options, names);
  const logEndOffset = ensureActive(parts, options);
  epochs.truncateEnd(logEndOffset);
  epochs.truncateStart(options.logStartOffset);
  const logStartOffset = Math.max(options.logStartOffset, segments.first.baseOffset);
  snapshots.keep((offset) => offset <= logEndOffset);
  if (!isRecovered) restoreProducers(parts, options, logStartOffset, logEndOffset);
  const bases = new Set(segments.all.map(({ baseOffset }) => baseOffset));
  snapshots.keep((offset) => bases.has(offset) || offset === snapshots.latest);
  producers.expire(now, options.producerIdExpirationMs);
  const recoveryPoint = options.wasClosedCleanly
    ? logEndOffset
    : Math.min(options.recoveryPoint, logEndOffset);
  return { ...parts, logStartOffset, logEndOffset, recoveryPoint, isRecovered };
}

type LogParts = Pick<LoadedLog, "segments" | "epochs" | "snapshots" | "producers">;

function offsetsOf(names: readonly string[], kind: LogFileName["kind"]): number[] {
  const files = names.map(parseLogFileName);
  return files.filter((file) => file?.kind === kind).map((file) => file?.offset as number);
}

/** The segments that have a file of batches; indexes without one go. */
function openSegments(options: LoadOptions, names: readonly string[]): Segments {
  const { disk, directory, config, now } = options;
  const segments = new Segments(disk, directory, options.deletions);
  const bases = new Set(offsetsOf(names, ".log"));
  for (const baseOffset of bases) {
    const sizeInBytes = disk.sizeOf(`${directory}/${logFileName(baseOffset, ".log")}`) ?? 0;
    const { indexIntervalBytes } = config;
    segments.add(segments.make({ baseOffset, sizeInBytes, indexIntervalBytes, now }));
  }
  for (const name of names) {
    const file = parseLogFileName(name);
    if (file && file.kind !== ".snapshot" && !bases.has(file.offset)) {
      disk.remove(`${directory}/${name}`);
    }
  }
  return segments;
}

/**
 * Checks the segments that may not be as they were written, and builds their indexes, epochs and
 * producers' states. Whether there were any.
 */
function recoverSegments(parts: LogParts, options: LoadOptions, names: readonly string[]): boolean {
  const { segments, snapshots, producers } = parts;
  const suspects = suspectSegments(segments, options, names);
  const [first] = suspects;
  if (!first) return false;
  const { logStartOffset } = options;
  snapshots.restore(producers, first.baseOffset, Math.min(logStartOffset, first.baseOffset));
  replay(parts, producers.endOffset, first.baseOffset);
  for (const segment of suspects) {
    const lost = recoverSegment(parts, segment);
    if (lost > 0) removeAfter(segment, lost, segments, options);
    segment.seal();
    if (lost > 0) break;
  }
  return true;
}

/**
 * Removes the segments that follow a torn one, the last first. Only then may that be cut: whenever a
 * crash comes, either it is still torn, or they are gone.
 */
function removeAfter(
  torn: Segment,
  lostBytes: number,
  segments: Segments,
  { disk, directory, logger }: LoadOptions,
): void {
  const gone = segments.all.filter(({ baseOffset }) => baseOffset > torn.baseOffset);
  logger.warn(
    { directory, segment: torn.baseOffset, lostBytes, lostSegments: gone.length },
    "the log has a torn end, which is cut off",
  );
  segments.remove(gone);
  for (const one of gone.reverse()) one.remove();
  if (gone.length > 0) disk.syncDirectory(directory);
}

function suspectSegments(
  segments: Segments,
  { wasClosedCleanly, recoveryPoint }: LoadOptions,
  names: readonly string[],
): readonly Segment[] {
  if (!wasClosedCleanly) return segments.from(recoveryPoint);
  // Where somebody has removed an index, that and all behind it is done again.
  const indexed = new Set(offsetsOf(names, ".index"));
  const first = segments.all.findIndex(
    ({ baseOffset, sizeInBytes }) => sizeInBytes > 0 && !indexed.has(baseOffset),
  );
  return first < 0 ? [] : segments.all.slice(first);
}

/** Recovers one segment; gives how many bytes it lost. */
function recoverSegment({ epochs, producers }: LogParts, segment: Segment): number {
  let nextOffset = segment.baseOffset;
  return segment.recover((batch) => {
    const { baseOffset, lastOffset, partitionLeaderEpoch } = batch;
    if (baseOffset < nextOffset || !segment.canHold(lastOffset)) {
      const message = `the batch with offsets ${baseOffset} to ${lastOffset} is out of place`;
      throw new DecodeError("CORRUPT_BATCH", message, batch.start);
    }
    nextOffset = lastOffset + 1;
    const { latest } = epochs;
    if (partitionLeaderEpoch >= 0 && (latest === undefined || partitionLeaderEpoch > latest)) {
      epochs.begin(partitionLeaderEpoch, baseOffset);
    }
    addToProducers(producers, batch, segment);
  });
}

function addToProducers(producers: ProducerStates, batch: RecordBatch, segment?: Segment): void {
  const completed = producers.add(batch);
  if (completed?.outcome !== "abort") return;
  const { producerId, firstOffset, lastOffset } = completed;
  const lastStableOffset = producers.lastStableOffset(completed);
  segment?.transactions.append({ producerId, firstOffset, lastOffset, lastStableOffset });
}

/** Makes sure that there is a segment to append to; gives the log's end. */
function ensureActive(
  { segments, epochs, snapshots, producers }: LogParts,
  options: LoadOptions,
): number {
  const { logger, directory, config, logStartOffset, now } = options;
  if (segments.all.length > 0) {
    const logEndOffset = segments.active.readEndOffset();
    if (logEndOffset >= logStartOffset) return logEndOffset;
    logger.warn(
      { directory, logStartOffset, logEndOffset },
      "the log ends before its start, so all of it goes",
    );
    for (const segment of segments.all) segment.remove();
    segments.remove(segments.all);
    epochs.truncateEnd(0);
    snapshots.keep(() => false);
    producers.restore(undefined, logStartOffset);
  }
  const { indexIntervalBytes } = config;
  const baseOffset = logStartOffset;
  segments.add(segments.make({ baseOffset, sizeInBytes: undefined, indexIntervalBytes, now }));
  // The file's name alone says where an empty log ends.
  if (logStartOffset > 0) segments.active.createFiles();
  return logStartOffset;
}

/**
 * Sets the producers' states to the last snapshot and what follows it. A log that was closed cleanly and
 * has no snapshot had no producers.
 */
function restoreProducers(
  parts: LogParts,
  { wasClosedCleanly }: LoadOptions,
  logStartOffset: number,
  logEndOffset: number,
): void {
  const { producers, snapshots } = parts;
  if (snapshots.latest === undefined && wasClosedCleanly) {
    producers.restore(undefined, logEndOffset);
    return;
  }
  snapshots.restore(producers, logEndOffset, logStartOffset);
  replay(parts, producers.endOffset, logEndOffset);
}

/** Takes the batches in `[start, end)` into the producers' states. */
function replay({ segments, producers }: LogParts, start: number, end: number): void {
  if (start >= end) return;
  for (const segment of segments.from(start)) {
    if (segment.baseOffset >= end) return;
    const found = segment.locate(Math.max(start, segment.baseOffset));
    if (!found) continue;
    const reader = segment.batches(found.position);
    segment.checked(() => {
      for (let batch = reader.next(); batch && batch.baseOffset < end; batch = reader.next()) {
        addToProducers(producers, batch);
      }
    });
  }
}
