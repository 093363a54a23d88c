/**
 * The bytes that a consumer may hold: fetched and not yet processed, and those that fetches under
 * way may bring. A frame counts as a whole until the last partition's part of it is let go of,
 * because a slice keeps its whole frame in memory.
 */
export class BufferBudget {
  readonly limitBytes: number;
  #heldBytes = 0;
  #reservedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** How many bytes are held and not yet let go of. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** How many more bytes may be asked for; negative if a broker sent more than it was asked for. */
  get freeBytes(): number {
    return this.limitBytes - this.#heldBytes - this.#reservedBytes;
  }

  /** Sets bytes aside for an answer. */
  reserve(bytes: number): void {
    this.#reservedBytes += bytes;
  }

  /** Gives back what was set aside, once the answer has come or never will. */
  unreserve(bytes: number): void {
    this.#reservedBytes -= bytes;
  }

  /**
   * Counts an answer that arrived and will be let go of in `parts` parts; `reuse` is called at the
   * end of the last of them, if nobody can read any part after that.
   */
  hold(bytes: number, parts: number, reuse?: () => void): FrameHold {
    if (parts === 0) return new FrameHold(0, () => {}, undefined);
    this.#heldBytes += bytes;
    const onEmpty = () => {
      this.#heldBytes -= bytes;
    };
    return new FrameHold(parts, onEmpty, reuse);
  }
}

/** An answer's bytes in the budget, given back when all parts of it have been let go of. */
export class FrameHold {
  #parts: number;
  readonly #onEmpty: () => void;
  #reuse: (() => void) | undefined;

  constructor(parts: number, onEmpty: () => void, reuse: (() => void) | undefined) {
    this.#parts = parts;
    this.#onEmpty = onEmpty;
    this.#reuse = reuse;
  }

  /** Whether the bytes will be written over once all parts have been let go of. */
  get isReused(): boolean {
    return this.#reuse !== undefined;
  }

  /** Leaves the bytes as they are for good, because somebody may go on reading them. */
  keep(): void {
    this.#reuse = undefined;
  }

  /** Lets go of one part; each part does this once. */
  release(): void {
    this.#parts -= 1;
    if (this.#parts > 0) return;
    this.#onEmpty();
    this.#reuse?.();
  }
}
