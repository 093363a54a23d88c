/** Hands out producer ids one by one, from blocks that the controller allocates (`ProducerIdManager`). */
export class ProducerIds {
  readonly #allocate: () => { readonly first: number; readonly count: number };
  #next = 0;
  /** Exclusive. */
  #end = 0;

  constructor(allocate: () => { readonly first: number; readonly count: number }) {
    this.#allocate = allocate;
  }

  /** An id that no producer has had. Throws a `BrokerError` where the controller cannot allocate any. */
  next(): number {
    if (this.#next === this.#end) {
      const { first, count } = this.#allocate();
      this.#next = first;
      this.#end = first + count;
    }
    const id = this.#next;
    this.#next += 1;
    return id;
  }
}
