import type { Consumer } from "../../client/index.ts";
import { ChangelogRestore, type ChangelogToRestore } from "./changelog-restore.ts";

/** The first offset of a partition, and the one behind its last. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

/** Hears of a store whose offset lies outside of its changelog. */
export type OnStale = (
  changelog: ChangelogToRestore,
  offsets: LogBounds & { readonly from: number },
) => void;

/**
 * Finds from where to where changelogs are to be read: from the offset that a store's rows stand for, or the
 * log's start, to its end as of now, of a source topic at most to what the group has committed. Undefined where
 * a store's offset is outside of the log: that has lost what the store lacks, or is another by now.
 */
export async function planRestore(
  consumer: Pick<Consumer, "beginningOffsets" | "endOffsets" | "committed">,
  changelogs: readonly ChangelogToRestore[],
  { signal, onStale }: { readonly signal: AbortSignal | undefined; readonly onStale: OnStale },
): Promise<ChangelogRestore[] | undefined> {
  const sources = changelogs.filter(({ isSourceTopic }) => isSourceTopic);
  const [bounds, committed] = await Promise.all([
    boundsOf(consumer, changelogs, signal),
    sources.length > 0 ? consumer.committed(sources, { signal }) : [],
  ]);
  const found: ChangelogRestore[] = [];
  for (const [index, changelog] of changelogs.entries()) {
    const { state, storeName, isSourceTopic } = changelog;
    const { start, end } = bounds[index] as LogBounds;
    const from = state.offset(storeName);
    if (from !== undefined && (from < start || from > end)) {
      onStale(changelog, { from, start, end });
      return undefined;
    }
    const limit = isSourceTopic ? (committed[sources.indexOf(changelog)]?.offset ?? 0) : end;
    found.push(new ChangelogRestore(changelog, from ?? start, Math.min(limit, end)));
  }
  return found;
}

/** The bounds of the changelogs' partitions, in their order. */
export async function boundsOf(
  consumer: Pick<Consumer, "beginningOffsets" | "endOffsets">,
  changelogs: readonly ChangelogToRestore[],
  signal: AbortSignal | undefined,
): Promise<LogBounds[]> {
  const [starts, ends] = await Promise.all([
    consumer.beginningOffsets(changelogs, { signal }),
    consumer.endOffsets(changelogs, { signal }),
  ]);
  return starts.map(({ offset }, index) => ({ start: offset, end: ends[index]?.offset ?? offset }));
}
