import { systemRandom } from "../../random.ts";

const smallestCapacity = 16;
/** Another one in each process: whoever chooses keys cannot choose such as share a slot. */
const basis = systemRandom.bytes(4).readInt32LE();

/**
 * Gives each of many texts a number, small and used again once its text is removed, so that what belongs to
 * them can lie in arrays. A hash table of integers with linear probing: a look-up comes by a fraction of the memory
 * that a `Map` of 100,000 strings and objects has it go through.
 */
export class TextIndex {
  /** Of each number its text, and the cells beside it. */
  readonly #cells: unknown[] = [];
  readonly #stride: number;
  readonly #free: number[] = [];
  /** Pairs of a hash and a number plus one, which is 0 where there is none; less than half of them are taken. */
  #slots = new Int32Array(2 * smallestCapacity);
  #size = 0;
  /** The text that was looked for last, for a row is mostly written right after it was read. */
  #lastText = "";
  #lastRow = -1;

  /** `cells` is how many values can be kept with each text, side by side with it. */
  constructor(cells = 0) {
    this.#stride = 1 + cells;
  }

  get size(): number {
    return this.#size;
  }

  /** The number of a text; −1 where it has none. */
  find(text: string): number {
    if (this.#lastRow >= 0 && text === this.#lastText) return this.#lastRow;
    const row = this.#search(text);
    this.#lastText = text;
    this.#lastRow = row;
    return row;
  }

  /** Gives a text, which must have none, a number. */
  add(text: string): number {
    if (this.#size * 4 >= this.#slots.length) this.#grow();
    const row = this.#free.pop() ?? this.#cells.length / this.#stride;
    const at = row * this.#stride;
    this.#cells[at] = text;
    for (let cell = 1; cell < this.#stride; cell += 1) this.#cells[at + cell] = undefined;
    this.#place(hashOf(text), row);
    this.#size += 1;
    this.#lastText = text;
    this.#lastRow = row;
    return row;
  }

  /** Forgets the text of a number that is in use. */
  remove(row: number): void {
    const at = row * this.#stride;
    this.#close(hashOf(this.textAt(row)), row);
    for (let cell = 0; cell < this.#stride; cell += 1) this.#cells[at + cell] = undefined;
    this.#free.push(row);
    this.#size -= 1;
    this.#lastRow = -1;
  }

  /** The text of a number that is in use. */
  textAt(row: number): string {
    return this.#cells[row * this.#stride] as string;
  }

  /** What is kept with a text, by its number; the cells are counted from 1. */
  cell(row: number, cell: number): unknown {
    return this.#cells[row * this.#stride + cell];
  }

  setCell(row: number, cell: number, value: unknown): void {
    this.#cells[row * this.#stride + cell] = value;
  }

  clear(): void {
    this.#cells.length = 0;
    this.#free.length = 0;
    this.#slots = new Int32Array(2 * smallestCapacity);
    this.#size = 0;
    this.#lastRow = -1;
  }

  /** All texts, in no order. */
  *texts(): IterableIterator<string> {
    for (let at = 0; at < this.#cells.length; at += this.#stride) {
      const text = this.#cells[at] as string | undefined;
      if (text !== undefined) yield text;
    }
  }

  #search(text: string): number {
    const slots = this.#slots;
    const last = slots.length - 2;
    const hash = hashOf(text);
    for (let at = (hash << 1) & last; ; at = (at + 2) & last) {
      const row = (slots[at + 1] as number) - 1;
      if (row < 0) return -1;
      if (slots[at] === hash && this.#cells[row * this.#stride] === text) return row;
    }
  }

  #place(hash: number, row: number): void {
    const slots = this.#slots;
    const last = slots.length - 2;
    let at = (hash << 1) & last;
    while (slots[at + 1] !== 0) at = (at + 2) & last;
    slots[at] = hash;
    slots[at + 1] = row + 1;
  }

  /** Empties a number's slot, and moves up what would not be found any more with a gap there. */
  #close(hash: number, row: number): void {
    const slots = this.#slots;
    const last = slots.length - 2;
    let gap = (hash << 1) & last;
    while (slots[gap + 1] !== row + 1) gap = (gap + 2) & last;
    for (let at = (gap + 2) & last; slots[at + 1] !== 0; at = (at + 2) & last) {
      const home = ((slots[at] as number) << 1) & last;
      // Whether the way from home to here goes over the gap, around the end of the table as well.
      if (((at - home) & last) < ((at - gap) & last)) continue;
      slots[gap] = slots[at] as number;
      slots[gap + 1] = slots[at + 1] as number;
      gap = at;
    }
    slots[gap + 1] = 0;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const row = (old[at + 1] as number) - 1;
      if (row >= 0) this.#place(old[at] as number, row);
    }
  }
}

/** FNV-1a over the code units, its upper bits mixed into the lower ones, which choose the slot. */
function hashOf(text: string): number {
  let hash = basis;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
