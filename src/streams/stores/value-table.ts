import { SortedKeys } from "./sorted-keys.ts";
import { TextIndex } from "./text-index.ts";

/**
 * Values and their times by text, in memory: in arrays rather than in an object for each, so that a row is come by
 * quickly and the garbage collector has little to look after. Texts are put in order when a range is first
 * asked for, and kept so from then on.
 */
export class ValueTable<V> {
  readonly #index = new TextIndex(3);
  #order: SortedKeys | undefined;

  get size(): number {
    return this.#index.size;
  }

  /** The number of the row of a text; −1 for none. */
  find(text: string): number {
    return this.#index.find(text);
  }

  valueAt(row: number): V {
    return this.#index.cell(row, valueCell) as V;
  }

  timeAt(row: number): number {
    const index = this.#index;
    return (index.cell(row, highCell) as number) * lowRange + (index.cell(row, lowCell) as number);
  }

  put(text: string, value: V, time: number): void {
    const index = this.#index;
    let row = index.find(text);
    if (row < 0) {
      row = index.add(text);
      this.#order?.add(text);
    }
    const high = Math.floor(time / lowRange);
    index.setCell(row, valueCell, value);
    index.setCell(row, highCell, high);
    index.setCell(row, lowCell, time - high * lowRange);
  }

  delete(text: string): void {
    const row = this.#index.find(text);
    if (row < 0) return;
    this.#index.remove(row);
    this.#order?.delete(text);
  }

  /** All texts, in no order. */
  texts(): IterableIterator<string> {
    return this.#index.texts();
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
}

const valueCell = 1;
/** A time as two small integers, which lie in an array as they are; a larger number would be an object of its own. */
const highCell = 2;
const lowCell = 3;
const lowRange = 2 ** 30;
