/** Distinct times in their order, each with what belongs to it, of which the first go as new ones come. */
export class RisingTimes<T> {
  #times: number[] = [];
  #entries: T[] = [];
  /** Times before this index are gone; they are cut off when they are many. */
  #head = 0;

  /** What belongs to a time; undefined where it is not there. */
  get(time: number): T | undefined {
    const at = this.#firstAt(time);
    return this.#times[at] === time ? this.#entries[at] : undefined;
  }

  /** Adds a time that is not there yet. */
  add(time: number, entry: T): void {
    const times = this.#times;
    const at = this.#firstAt(time);
    if (at === times.length) {
      times.push(time);
      this.#entries.push(entry);
      return;
    }
    times.splice(at, 0, time);
    this.#entries.splice(at, 0, entry);
  }

  /** Removes a time that is there. */
  delete(time: number): void {
    const at = this.#firstAt(time);
    this.#times.splice(at, 1);
    this.#entries.splice(at, 1);
  }

  /** What belongs to the times from one to another, both inclusive. */
  between(from: number, to: number): T[] {
    return this.#entries.slice(this.#firstAt(from), this.#firstAt(to + 1));
  }

  /** Removes the first time if it is before another, and gives what belonged to it. */
  takeBelow(time: number): T | undefined {
    const head = this.#head;
    if (head === this.#times.length || (this.#times[head] as number) >= time) return undefined;
    const taken = this.#entries[head] as T;
    this.#entries[head] = undefined as T;
    this.#head = head + 1;
    if (this.#head > 1024 && this.#head > this.#times.length / 2) {
      this.#times = this.#times.slice(this.#head);
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  clear(): void {
    this.#times = [];
    this.#entries = [];
    this.#head = 0;
  }

  #firstAt(time: number): number {
    const times = this.#times;
    let low = this.#head;
    let high = times.length;
    // Most times are the latest one, or come behind it.
    if (high > low && (times[high - 1] as number) < time) return high;
    if (high > low + 1 && (times[high - 2] as number) < time) return high - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((times[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
