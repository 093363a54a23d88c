import type { LogConfig } from "./log-config.ts";
import type { Segment } from "./segment.ts";

/**
 * How many of a log's segments, from the first on, its retention lets go: those below the log's start,
 * those beyond `retention.bytes`, and those whose latest record is older than `retention.ms`
 * (`UnifiedLog.deleteOldSegments`). The active segment counts too, unless it is empty: it is rolled then.
 */
export function expiredSegments(
  segments: readonly Segment[],
  {
    config,
    logStartOffset,
    now,
  }: { readonly config: LogConfig; readonly logStartOffset: number; readonly now: number },
): number {
  let count = 0;
  while ((segments[count + 1]?.baseOffset ?? Number.POSITIVE_INFINITY) <= logStartOffset) {
    count += 1;
  }
  if (!config.deletes) return count;
  const isEmptyActive = (index: number) =>
    index === segments.length - 1 && segments[index]?.sizeInBytes === 0;
  if (config.retentionBytes >= 0) {
    const total = segments.slice(count).reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
    let surplus = total - config.retentionBytes;
    for (let segment = segments[count]; segment; segment = segments[count]) {
      if (surplus < segment.sizeInBytes || isEmptyActive(count)) break;
      surplus -= segment.sizeInBytes;
      count += 1;
    }
  }
  if (config.retentionMs >= 0) {
    for (let segment = segments[count]; segment; segment = segments[count]) {
      if (now - segment.recency <= config.retentionMs || isEmptyActive(count)) break;
      count += 1;
    }
  }
  return count;
}
