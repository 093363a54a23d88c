import { crc32c } from "../../protocol/index.ts";
import type { LogConfig } from "./log-config.ts";
import type { Segment } from "./segment.ts";

/**
 * Whether a new segment has to begin before a batch is appended: the active one would get too large,
 * its first record is older than `segment.ms`, an index is full, or cannot express the offset
 * (`LogSegment.shouldRoll`). Time is the records' own where they have any.
 */
export function mustRoll(
  active: Segment,
  batch: {
    readonly sizeInBytes: number;
    readonly lastOffset: number;
    readonly maxTimestamp: number;
  },
  {
    config,
    now,
    seed,
  }: {
    readonly config: LogConfig;
    readonly now: number;
    /** Spreads the logs' rolls over `segment.jitter.ms`. */
    readonly seed: string;
  },
): boolean {
  if (active.sizeInBytes === 0) return false;
  const { segmentBytes, segmentMs, segmentIndexBytes } = config;
  const { firstTimestamp } = active;
  const waitedMs =
    firstTimestamp >= 0 ? batch.maxTimestamp - firstTimestamp : now - active.createdAt;
  return (
    active.sizeInBytes > segmentBytes - batch.sizeInBytes ||
    waitedMs > segmentMs - jitterMs(active, config, seed) ||
    active.hasFullIndex(segmentIndexBytes) ||
    !active.canHold(batch.lastOffset)
  );
}

/** As good as chance, and the same for a segment whenever it is asked for. */
function jitterMs({ baseOffset }: Segment, config: LogConfig, seed: string): number {
  const { segmentJitterMs, segmentMs } = config;
  if (segmentJitterMs <= 0) return 0;
  return crc32c(Buffer.from(`${seed}/${baseOffset}`)) % Math.min(segmentJitterMs, segmentMs);
}
