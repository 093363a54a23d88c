import { compareTexts, textOf } from "./byte-text.ts";
import type { Rows } from "./engine.ts";
import { SortedKeys } from "./sorted-keys.ts";

/** One change of a row: null deletes it. */
interface RowChange {
  readonly key: Buffer;
  value: Buffer | null;
}

/** Rows as they were committed last. */
export interface CommittedRows {
  get(key: Buffer): Buffer | null;
  range(
    from: Buffer | undefined,
    to: Buffer | undefined,
    backwards: boolean,
  ): IterableIterator<readonly [Buffer, Buffer]>;
  count(): number;
}

const noRows: CommittedRows = {
  get: () => null,
  *range() {},
  count: () => 0,
};

/** What a change takes in memory beside its key and value, in bytes. */
const overheadBytes = 150;

/**
 * Rows whose changes are kept in memory until the commit and are seen at once: engines whose commits are
 * dear lie below it.
 */
export class OverlayRows implements Rows {
  /** The rows without what has changed since the last commit. */
  readonly committed: CommittedRows;
  #changes = new Map<string, RowChange>();
  #order: SortedKeys | undefined;
  #isCleared = false;
  #pendingBytes = 0;
  /** Goes over the changes that are to be written ahead of the commit; what changes meanwhile has it begin anew. */
  #writing: Iterator<RowChange> | undefined;
  #unwritten = 0;

  constructor(committed: CommittedRows) {
    this.committed = committed;
  }

  /** How much memory the changes take, in bytes. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get(key: Buffer): Buffer | null {
    const change = this.#changes.get(textOf(key));
    return change ? change.value : this.#base.get(key);
  }

  put(key: Buffer, value: Buffer): void {
    this.#change(key, value);
  }

  delete(key: Buffer): void {
    this.#change(key, null);
  }

  range(
    from: Buffer | undefined,
    to: Buffer | undefined,
    backwards = false,
  ): IterableIterator<readonly [Buffer, Buffer]> {
    const base = this.#base.range(from, to, backwards);
    if (this.#changes.size === 0) return base;
    this.#order ??= new SortedKeys(this.#changes.keys());
    const keys = this.#order.range(from && textOf(from), to && textOf(to), backwards);
    return mergeChanges(base, keys, this.#changes, backwards);
  }

  approximateCount(): number {
    return this.#base.count() + this.#changes.size;
  }

  /** Forgets all rows, the committed ones too. */
  clear(): void {
    this.#forget();
    this.#isCleared = true;
  }

  /** How many changes are not written yet. */
  get unwritten(): number {
    return this.#writing ? this.#unwritten : this.#changes.size;
  }

  /** At most so many of the changes that are not written yet, to be written at once: they are seen as changes still. */
  takeSome(maxRows: number): TakenChanges {
    if (!this.#writing) {
      this.#writing = this.#changes.values();
      this.#unwritten = this.#changes.size;
    }
    const changes: RowChange[] = [];
    while (changes.length < maxRows) {
      const next = this.#writing.next();
      if (next.done) break;
      changes.push(next.value);
    }
    this.#unwritten -= changes.length;
    const isCleared = this.#isCleared;
    this.#isCleared = false;
    return { isCleared, changes };
  }

  /** The changes that are not written yet; all count as committed now. */
  take(): TakenChanges {
    const changes = this.#writing ? rest(this.#writing) : this.#changes.values();
    const taken = { isCleared: this.#isCleared, changes };
    this.#forget();
    return taken;
  }

  get #base(): CommittedRows {
    return this.#isCleared ? noRows : this.committed;
  }

  #change(key: Buffer, value: Buffer | null): void {
    const text = textOf(key);
    const known = this.#changes.get(text);
    this.#writing = undefined;
    this.#pendingBytes += value?.length ?? 0;
    if (known) {
      this.#pendingBytes -= known.value?.length ?? 0;
      known.value = value;
      return;
    }
    this.#changes.set(text, { key, value });
    this.#pendingBytes += key.length + overheadBytes;
    this.#order?.add(text);
  }

  #forget(): void {
    // A new map: an iteration that is under way still needs the changes it began with.
    this.#changes = new Map();
    this.#order = undefined;
    this.#isCleared = false;
    this.#pendingBytes = 0;
    this.#writing = undefined;
  }
}

/** Changes that are to be written, and whether all rows are to go before them. */
export interface TakenChanges {
  readonly isCleared: boolean;
  readonly changes: Iterable<RowChange>;
}

function* rest<T>(iterator: Iterator<T>): IterableIterator<T> {
  for (let next = iterator.next(); !next.done; next = iterator.next()) yield next.value;
}

function* mergeChanges(
  base: Iterator<readonly [Buffer, Buffer]>,
  keys: Iterator<string>,
  changes: ReadonlyMap<string, RowChange>,
  backwards: boolean,
): IterableIterator<readonly [Buffer, Buffer]> {
  const sign = backwards ? -1 : 1;
  try {
    let row = base.next();
    let key = keys.next();
    while (!row.done || !key.done) {
      const order = row.done
        ? 1
        : key.done
          ? -1
          : sign * compareTexts(textOf(row.value[0]), key.value);
      if (order < 0 && !row.done) {
        yield row.value;
        row = base.next();
        continue;
      }
      const change = key.done ? undefined : changes.get(key.value);
      if (change?.value) yield [change.key, change.value];
      if (order === 0) row = base.next();
      key = keys.next();
    }
  } finally {
    base.return?.();
  }
}
