/** How much memory waits for its next use; what is above is left to the garbage collector. */
const maxIdleBytes = 32 * 1024 * 1024;
/** Sizes are rounded up to this, so that frames of about the same size can follow one another. */
const granuleBytes = 64 * 1024;
/** A frame does not take memory of more than so many times its size. */
const greatestExcess = 4;

/**
 * The memory of large frames and reads, used again where its users say that they are done with it. A consumer
 * that reads hundreds of megabytes a second would otherwise spend more time on getting fresh memory
 * and on having it collected than on the records. Who says nothing keeps the memory, as with any buffer.
 */
export class FramePool {
  /** What was taken from here, so that nothing else is given back. */
  readonly #issued = new WeakSet<ArrayBufferLike>();
  readonly #idle: Buffer[] = [];
  #idleBytes = 0;

  /** How many bytes wait for their next use. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** Memory for a frame, with whatever is in it. */
  take(length: number): Buffer {
    // Rounded up, it would be too large for the next one of its size.
    if (length * greatestExcess < granuleBytes) return Buffer.allocUnsafeSlow(length);
    let best = -1;
    for (const [index, { length: size }] of this.#idle.entries()) {
      if (size < length || size > greatestExcess * length) continue;
      if (best < 0 || size < (this.#idle[best]?.length ?? 0)) best = index;
    }
    const [found] = best < 0 ? [] : this.#idle.splice(best, 1);
    if (found) this.#idleBytes -= found.length;
    const memory = found ?? Buffer.allocUnsafeSlow(Math.ceil(length / granuleBytes) * granuleBytes);
    this.#issued.add(memory.buffer);
    return memory.subarray(0, length);
  }

  /** Takes a frame's memory back, of which `part` is any part; nobody may read it any more. */
  give(part: Buffer): void {
    // What is given back twice, or was not taken from here, is not taken in.
    if (!this.#issued.delete(part.buffer)) return;
    if (this.#idleBytes + part.buffer.byteLength > maxIdleBytes) return;
    this.#idle.push(Buffer.from(part.buffer));
    this.#idleBytes += part.buffer.byteLength;
  }
}
