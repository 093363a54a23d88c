import { SortedKeys } from "./sorted-keys.ts";
import { TextIndex } from "./text-index.ts";

const smallestCapacity = 16;

/**
 * Values and their times by text, in memory: in arrays rather than in an object for each, so that a row is come by
 * quickly and the garbage collector has little to look after. Texts are put in order when a range is first
 * asked for, and kept so from then on.
 */
export class ValueTable<V> {
  readonly #index = new TextIndex();
  readonly #values: (V | undefined)[] = [];
  #times = new Float64Array(smallestCapacity);
  #order: SortedKeys | undefined;
  #lastText = "";
  #lastRow = -1;

  get size(): number {
    return this.#index.size;
  }

  /** The number of the row of a text; −1 for none. A row is mostly written right after it was read: the last one is at hand. */
  find(text: string): number {
    if (this.#lastRow >= 0 && text === this.#lastText) return this.#lastRow;
    const row = this.#index.find(text);
    this.#lastText = text;
    this.#lastRow = row;
    return row;
  }

  valueAt(row: number): V {
    return this.#values[row] as V;
  }

  timeAt(row: number): number {
    return this.#times[row] as number;
  }

  put(text: string, value: V, time: number): void {
    let row = this.find(text);
    if (row < 0) row = this.#add(text);
    this.#values[row] = value;
    this.#times[row] = time;
  }

  delete(text: string): void {
    const row = this.#index.remove(text);
    this.#lastRow = -1;
    if (row < 0) return;
    this.#values[row] = undefined;
    this.#order?.delete(text);
  }

  /** Texts from `from` (inclusive) to `to` (exclusive), undefined for open ends. */
  range(
    from: string | undefined,
    to: string | undefined,
    backwards: boolean,
  ): IterableIterator<string> {
    this.#order ??= new SortedKeys(this.#index.texts());
    return this.#order.range(from, to, backwards);
  }

  #add(text: string): number {
    const row = this.#index.add(text);
    if (row === this.#times.length) {
      const times = new Float64Array(row * 2);
      times.set(this.#times);
      this.#times = times;
    }
    this.#order?.add(text);
    this.#lastText = text;
    this.#lastRow = row;
    return row;
  }
}
