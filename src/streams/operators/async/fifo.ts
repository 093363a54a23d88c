/** What is taken out in the order in which it was put in, at a cost that does not grow with what waits. */
export class Fifo<T> {
  #items: T[] = [];
  /** Those before are taken; 0 ≤ head ≤ items.length. */
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  /** The next one; undefined where there is none. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Takes the next one. */
  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    // Those taken are let go of once they are half of all, so that each is moved once at most.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
