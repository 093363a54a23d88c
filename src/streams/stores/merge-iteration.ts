import type { CachedRow } from "./cache.ts";

/** How rows of a cache and of the store below it become one iteration. */
export interface Merge<V, S, R> {
  /** Compares a cached row's key with a stored row's, as they sort forward. */
  compare(cached: CachedRow<V>, stored: S): number;
  fromCache(cached: CachedRow<V>, value: V): R;
  fromStore(stored: S): R;
}

/**
 * Goes over the rows of a cache, if there is one, and of the store below it as one: a cached row hides the stored
 * row of its key, and a deleted one is skipped.
 */
export function merge<V, S, R>(
  cached: Iterator<CachedRow<V>> | undefined,
  stored: IterableIterator<S>,
  backwards: boolean,
  rows: Merge<V, S, R>,
): IterableIterator<R> {
  return cached ? mergeBoth(cached, stored, backwards, rows) : convert(stored, rows);
}

function* convert<S, R>(
  stored: Iterable<S>,
  { fromStore }: Merge<never, S, R>,
): IterableIterator<R> {
  for (const row of stored) yield fromStore(row);
}

/**
 * Takes the steps of `AbstractMergedSortedCacheStoreIterator`, so that what comes out is the same even where the
 * two are not in the same order, as a memory store and its cache are not; but going backwards it skips deleted
 * rows as it does forward.
 */
function* mergeBoth<V, S, R>(
  cached: Iterator<CachedRow<V>>,
  stored: Iterator<S>,
  backwards: boolean,
  { compare, fromCache, fromStore }: Merge<V, S, R>,
): IterableIterator<R> {
  const sign = backwards ? -1 : 1;
  try {
    let fresh = cached.next();
    let old = stored.next();
    while (!fresh.done || !old.done) {
      if (fresh.done) {
        if (old.done) return;
        yield fromStore(old.value);
        old = stored.next();
        continue;
      }
      const order = old.done ? -1 : sign * compare(fresh.value, old.value);
      if (order > 0 && !old.done) {
        yield fromStore(old.value);
        old = stored.next();
        continue;
      }
      const { value } = fresh.value;
      if (value !== null) yield fromCache(fresh.value, value);
      if (order === 0) old = stored.next();
      fresh = cached.next();
    }
  } finally {
    cached.return?.();
    stored.return?.();
  }
}
