/**
 * A binary heap that moves its items exactly as Java's `PriorityQueue` does, so that of equals the same
 * one comes first as in Kafka Streams.
 */
export class PriorityQueue<T> {
  readonly #items: T[] = [];
  readonly #compare: (one: T, other: T) => number;

  constructor(compare: (one: T, other: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The least item, which stays; undefined where there is none. */
  peek(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      const parent = items[above] as T;
      if (this.#compare(item, parent) >= 0) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  /** Takes the least item out; undefined where there is none. */
  poll(): T | undefined {
    const items = this.#items;
    const least = items[0];
    const last = items.pop();
    if (items.length > 0) this.#sink(last as T);
    return least;
  }

  clear(): void {
    this.#items.length = 0;
  }

  #sink(item: T): void {
    const items = this.#items;
    const half = items.length >>> 1;
    let at = 0;
    while (at < half) {
      let below = 2 * at + 1;
      let child = items[below] as T;
      const other = below + 1;
      if (other < items.length && this.#compare(child, items[other] as T) > 0) {
        below = other;
        child = items[below] as T;
      }
      if (this.#compare(item, child) <= 0) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  }
}
