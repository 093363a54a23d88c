const smallestCapacity = 16;
/** How many integers a row has: its links in two orders, and two of its owner's. */
const stride = 6;
/** Where a row's own integers begin. */
const ownLane = 4;
/** In front of all rows: the beginning and end of both orders. */
const ring = 0;

/**
 * Integers of rows by the rows' numbers: links of two orders, and two for whoever has the rows. They lie side by
 * side, so that what is done to a row touches little memory.
 */
export class RowIntegers {
  values = new Int32Array(stride * smallestCapacity);

  /** Makes room for a row, with all its integers 0. */
  open(row: number): void {
    const at = placeOf(row);
    if (at + stride > this.values.length) {
      const values = new Int32Array(this.values.length * 2);
      values.set(this.values);
      this.values = values;
    }
    this.values.fill(0, at, at + stride);
  }

  get(row: number, index: 0 | 1): number {
    return this.values[placeOf(row) + ownLane + index] as number;
  }

  set(row: number, index: 0 | 1, value: number): void {
    this.values[placeOf(row) + ownLane + index] = value;
  }
}

/**
 * An order of rows by their numbers, from which any can be taken and put at the end: a doubly linked list. A row
 * has two places in `integers`, so that it can be in two orders.
 */
export class RowOrder {
  readonly #integers: RowIntegers;
  /** Where the links of a row are: to the one before, and behind that to the one after it, both plus one. */
  readonly #lane: 0 | 2;

  constructor(integers: RowIntegers, order: "first" | "second") {
    this.#integers = integers;
    this.#lane = order === "first" ? 0 : 2;
  }

  /** The row at the beginning; −1 for none. */
  get first(): number {
    return (this.#integers.values[this.#lane + 1] as number) - 1;
  }

  /** Puts a row, which has been opened, at the end, wherever it was before. */
  moveToEnd(row: number): void {
    const { values } = this.#integers;
    const lane = this.#lane;
    const own = row + 1;
    const last = values[lane] as number;
    if (last === own) return;
    const at = own * stride + lane;
    this.#unlink(own);
    values[at] = last;
    values[last * stride + lane + 1] = own;
    values[lane] = own;
  }

  /** Takes a row out, if it is in here. */
  remove(row: number): void {
    this.#unlink(row + 1);
  }

  /** Leaves everything as it is for a row that is not in here: all its links are 0, as only those of a single row are. */
  #unlink(own: number): void {
    const { values } = this.#integers;
    const lane = this.#lane;
    const at = own * stride + lane;
    const before = values[at] as number;
    const behind = values[at + 1] as number;
    if (before === ring && behind === ring && values[lane] !== own) return;
    values[before * stride + lane + 1] = behind;
    values[behind * stride + lane] = before;
    values[at] = 0;
    values[at + 1] = 0;
  }
}

function placeOf(row: number): number {
  return (row + 1) * stride;
}
