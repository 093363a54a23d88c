import type { PartitionLog } from "./partition-log.ts";
import type { Segment } from "./segment.ts";

/** How dirty a log is, and whether it should be compacted now (`LogCleanerManager`). */
export interface CleaningNeed {
  readonly dirtyRatio: number;
  readonly isDue: boolean;
}

/** The part of a log that compaction has not seen and may look at: `[start, end)`, the end a segment's base. */
export interface CleaningRange {
  readonly start: number;
  readonly end: number;
}

/** Whether a log that compacts should be compacted now, by dirty ratio and lags. */
export function cleaningNeed(log: PartitionLog, now: number): CleaningNeed {
  const { start, end } = cleaningRange(log, now);
  const clean = sizeOf(log.segments.filter(({ baseOffset }) => baseOffset < start));
  const dirty = sizeOf(segmentsIn(log, Math.min(start, end), end));
  const total = clean + dirty;
  const dirtyRatio = total === 0 ? 0 : dirty / total;
  const isOverdue = dirty > 0 && hasWaitedTooLong(log, start, now);
  return { dirtyRatio, isDue: isOverdue || dirtyRatio > log.config.minCleanableDirtyRatio };
}

/**
 * What of a log can be compacted: from where the last compaction ended to the segment with the first
 * unstable offset, the active segment or the first one within `min.compaction.lag.ms`.
 */
export function cleaningRange(log: PartitionLog, now: number): CleaningRange {
  const { cleanedUpTo, logStartOffset, logEndOffset } = log;
  const isPlausible = cleanedUpTo >= logStartOffset && cleanedUpTo <= logEndOffset;
  const start = isPlausible ? cleanedUpTo : logStartOffset;
  const { minCompactionLagMs } = log.config;
  const active = log.activeSegment.baseOffset;
  const isTooYoung = (segment: Segment) =>
    segment.greatestTimestamp.timestamp > now - minCompactionLagMs;
  const young =
    minCompactionLagMs > 0 ? segmentsIn(log, start, active).find(isTooYoung) : undefined;
  const bounds = [log.lastStableOffset, active];
  if (young !== undefined) bounds.push(young.baseOffset);
  const firstUncleanable = Math.max(start, Math.min(...bounds));
  return { start, end: segmentsIn(log, firstUncleanable, active)[0]?.baseOffset ?? active };
}

/** The segments with offsets in `[start, end)`, the one that `start` lies in included. */
export function segmentsIn({ segments }: PartitionLog, start: number, end: number): Segment[] {
  if (start >= end) return [];
  return segments.filter(({ baseOffset }, index) => {
    const next = segments[index + 1];
    return baseOffset < end && (next === undefined || next.baseOffset > start);
  });
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
}

/** Whether the oldest record that waits for compaction has done so for more than `max.compaction.lag.ms`. */
function hasWaitedTooLong(log: PartitionLog, start: number, now: number): boolean {
  const waiting = segmentsIn(log, start, log.activeSegment.baseOffset);
  const latest = now - Math.max(log.config.maxCompactionLagMs, 0);
  return waiting.some(({ firstTimestamp }) => firstTimestamp > 0 && firstTimestamp < latest);
}
