import { int64Max } from "../../protocol/index.ts";
import { after, bytesOf, compareTexts, textOf } from "./byte-text.ts";
import type { CachedRow, WriteBehindCache } from "./cache.ts";
import type { KeySchema, KeySearch } from "./key-schema.ts";
import { timeCharacters, timeIn, timeText } from "./time-bytes.ts";

/**
 * The keys of a cache in front of a segmented store: `int64 segment ‖ the row's key`, so that its order
 * is that of the store (`SegmentedCacheFunction`).
 */
export class SegmentedCacheKeys {
  readonly #schema: KeySchema;
  readonly #intervalMs: number;

  constructor(schema: KeySchema, intervalMs: number) {
    this.#schema = schema;
    this.#intervalMs = intervalMs;
  }

  /** The text for a row at a time. */
  text(rowText: string, time: number): string {
    return timeText(this.#idOf(time)) + rowText;
  }

  /** The row's key within the text. */
  rowKey(text: string): Buffer {
    return bytesOf(text.slice(timeCharacters));
  }

  /** Compares a cached row with the key of a stored one. */
  compare({ text }: CachedRow<unknown>, storedKey: Buffer): number {
    return compareTexts(text, this.text(textOf(storedKey), this.#schema.timeOf(storedKey)));
  }

  /** Rows of one key within the times, segment by segment up to that of `lastTime`. */
  *ofKey<V>(
    cache: WriteBehindCache<V>,
    key: Buffer,
    search: KeySearch,
    lastTime: number,
  ): IterableIterator<CachedRow<V>> {
    const { from, to, backwards } = search;
    const schema = this.#schema;
    const lowest = textOf(schema.lowest(key, from));
    const end = textOf(after(schema.highest(key, to)));
    const first = this.#idOf(Math.max(0, from));
    const last = this.#idOf(Math.min(schema.lastSegmentTime(to), lastTime));
    let id: number | undefined = backwards ? last : first;
    while (id !== undefined && id >= first && id <= last) {
      const prefix = timeText(id);
      for (const row of cache.range(prefix + lowest, prefix + end, backwards)) {
        if (schema.holds(this.rowKey(row.text), search)) yield row;
      }
      const next = cache.seek(timeText(backwards ? id : id + 1), backwards);
      id = next === undefined ? undefined : timeIn(next);
    }
  }

  /** Rows of a range of keys within the times. */
  *ofKeys<V>(cache: WriteBehindCache<V>, search: KeySearch): IterableIterator<CachedRow<V>> {
    const { fromKey, toKey, from, to, backwards } = search;
    const schema = this.#schema;
    const lowest = schema.lowestOf(fromKey, from);
    const first = timeText(this.#idOf(Math.max(0, from))) + (lowest ? textOf(lowest) : "");
    for (const row of cache.range(first, this.#endOf(toKey, to), backwards)) {
      if (schema.holds(this.rowKey(row.text), search)) yield row;
    }
  }

  /** What is behind all rows of a search; undefined where it goes to the end. */
  #endOf(toKey: Buffer | undefined, to: number): string | undefined {
    const schema = this.#schema;
    if (!schema.isByStart || to >= int64Max) return undefined;
    const last = this.#idOf(Math.max(0, to));
    const highest = schema.highestOf(toKey, to);
    return highest ? timeText(last) + textOf(after(highest)) : timeText(last + 1);
  }

  #idOf(time: number): number {
    return Math.trunc(time / this.#intervalMs);
  }
}
