/** Distinct times in their order, of which the first go as new ones come. */
export class RisingTimes {
  #times: number[] = [];
  /** Times before this index are gone; they are cut off when they are many. */
  #head = 0;

  /** Adds a time that is not there yet. */
  add(time: number): void {
    this.#times.splice(this.#firstAt(time), 0, time);
  }

  /** Removes a time that is there. */
  delete(time: number): void {
    this.#times.splice(this.#firstAt(time), 1);
  }

  /** The times from one to another, both inclusive. */
  between(from: number, to: number): number[] {
    return this.#times.slice(this.#firstAt(from), this.#firstAt(to + 1));
  }

  /** Removes the times before one, and gives them. */
  takeBelow(time: number): readonly number[] {
    if (this.#head === this.#times.length || (this.#times[this.#head] as number) >= time) return [];
    const end = this.#firstAt(time);
    const taken = this.#times.slice(this.#head, end);
    this.#head = end;
    if (end > 1024 && end > this.#times.length / 2) {
      this.#times = this.#times.slice(end);
      this.#head = 0;
    }
    return taken;
  }

  clear(): void {
    this.#times = [];
    this.#head = 0;
  }

  #firstAt(time: number): number {
    let low = this.#head;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
