const smallestCapacity = 16;
/** Links are of rows and, in front of them, of the ring's beginning. */
const ring = 0;

/**
 * An order of rows by their numbers, from which any can be taken and put at the end: a doubly linked list in
 * one array, so that moving a row touches little memory and makes no garbage.
 */
export class RowOrder {
  /** Of each row at twice its number plus two: the one before and the one behind it, both plus one; 0 where it is not in here. */
  #links = new Int32Array(2 * smallestCapacity);
  #before = ring;

  /** The first row; −1 for none. */
  get first(): number {
    return (this.#links[2 * ring + 1] as number) - 1;
  }

  /** Puts a row at the end, wherever it was before. */
  moveToEnd(row: number): void {
    const own = row + 1;
    if (this.#before === own) return;
    while (2 * own >= this.#links.length) this.#grow();
    const links = this.#links;
    if (this.#has(own)) this.#unlink(own);
    links[2 * own] = this.#before;
    links[2 * own + 1] = ring;
    links[2 * this.#before + 1] = own;
    this.#before = own;
  }

  /** Takes a row out, if it is in here. */
  remove(row: number): void {
    const own = row + 1;
    if (2 * own < this.#links.length && this.#has(own)) this.#unlink(own);
  }

  clear(): void {
    this.#links = new Int32Array(2 * smallestCapacity);
    this.#before = ring;
  }

  #has(own: number): boolean {
    const links = this.#links;
    return links[2 * own + 1] !== 0 || links[2 * own] !== 0 || this.#before === own;
  }

  #unlink(own: number): void {
    const links = this.#links;
    const before = links[2 * own] as number;
    const behind = links[2 * own + 1] as number;
    links[2 * before + 1] = behind;
    if (behind === ring) this.#before = before;
    else links[2 * behind] = before;
    links[2 * own] = 0;
    links[2 * own + 1] = 0;
  }

  #grow(): void {
    const links = new Int32Array(this.#links.length * 2);
    links.set(this.#links);
    this.#links = links;
  }
}
