import type { KeySearch } from "./key-schema.ts";

/** A row of a window: the serialized key, the window's start, and the value. */
export interface WindowRow {
  readonly key: Buffer;
  readonly start: number;
  readonly value: Buffer;
}

/**
 * Rows of windows as bytes, some time of them kept. Kinds differ in when a row expires and in the order
 * of what they give, as Kafka's do.
 */
export interface WindowRows {
  put(key: Buffer, value: Buffer | null, start: number): void;
  get(key: Buffer, start: number): Buffer | null;
  /** Rows of one key that start within the times, both inclusive. */
  fetch(key: Buffer, from: number, to: number, backwards: boolean): IterableIterator<WindowRow>;
  fetchKeys(search: KeySearch): IterableIterator<WindowRow>;
  fetchAll(from: number, to: number, backwards: boolean): IterableIterator<WindowRow>;
  /** Takes in a row of the changelog, whose key is `key ‖ int64 start ‖ int32 sequence`. */
  restore(windowKey: Buffer, value: Buffer | null): void;
  close(): void;
}

/** What rows of windows are made with. */
export interface WindowTerms {
  readonly retentionMs: number;
  /** Whether each put adds a row, also for a key and start that have one. */
  readonly retainsDuplicates: boolean;
}

/** The next of the numbers that tell duplicates apart; they begin anew after the greatest. */
export function nextSequence(sequence: number): number {
  return (sequence + 1) & 0x7fffffff;
}
