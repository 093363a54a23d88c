import { DecodeError } from "../errors.ts";

const lengthBytes = 4;
const scratchBytes = 64 * 1024;
/** An incomplete frame up to this size waits in the scratch buffer, where the next read brings more than its rest. */
const patienceBytes = 8 * 1024;
/** The same where frames are lent, so that what fits there need not be copied at all. */
const lentPatienceBytes = 32 * 1024;
/** How much memory is taken at first for a large frame whose sender is not trusted. */
const untrustedBytes = 1024 * 1024;

/**
 * Cuts a stream of bytes into frames: a length of four bytes, then as many bytes as it says. The
 * owner reads from the socket right into {@link FrameReader.target}, so that the bytes of a large
 * frame go from the kernel to where they stay. Small frames come out of a buffer that is used again: lent, or copied.
 */
export class FrameReader {
  /** How long a frame may be, its length not counted; a change holds from the next frame on. */
  maxFrameBytes: number;
  readonly #isTrusted: boolean;
  readonly #lends: boolean;
  readonly #onFrame: (frame: Buffer, isLent: boolean) => void;
  readonly #allocate: (length: number) => Buffer;
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);
  /** How many bytes of an incomplete frame, length included, are at the front of the scratch buffer. */
  #held = 0;
  /** The large frame that is under way: as much of it as there is memory for yet. */
  #frame: Buffer | undefined;
  #frameBytes = 0;
  // 0 ≤ arrived < #frame.length ≤ frameBytes ≤ maxFrameBytes
  #arrived = 0;

  constructor({
    maxFrameBytes,
    trusted,
    onFrame,
    lends = false,
    allocate = (length) => Buffer.allocUnsafeSlow(length),
  }: {
    readonly maxFrameBytes: number;
    /** Whether memory may be taken for a frame just because its length says so. */
    readonly trusted: boolean;
    /** Gets each frame without its length; the buffer is the owner's to keep unless it is lent. */
    readonly onFrame: (frame: Buffer, isLent: boolean) => void;
    /** Whether small frames are lent: their bytes change once `onFrame` has returned. False by default. */
    readonly lends?: boolean | undefined;
    /** Gives the memory for a large frame, exactly as long as asked for; fresh memory by default. */
    readonly allocate?: ((length: number) => Buffer) | undefined;
  }) {
    this.maxFrameBytes = maxFrameBytes;
    this.#isTrusted = trusted;
    this.#lends = lends;
    this.#onFrame = onFrame;
    this.#allocate = allocate;
  }

  /** The buffer that the next bytes of the stream must be read into, from its start on. Never empty. */
  target(): Buffer {
    if (this.#frame === undefined) return this.#scratch.subarray(this.#held);
    return this.#frame.subarray(this.#arrived);
  }

  /**
   * Takes note that `length` bytes were put into the start of the last target, and hands on the
   * frames that are complete. Throws a {@link DecodeError} if a frame's length cannot be, after which,
   * as after anything that `onFrame` throws, the stream cannot be read on.
   */
  filled(length: number): void {
    if (this.#frame === undefined) this.#split(this.#held + length);
    else this.#extend(this.#frame, this.#arrived + length);
  }

  /** Hands on the frames in the first `end` bytes of the scratch buffer. */
  #split(end: number): void {
    const scratch = this.#scratch;
    const patience = this.#lends ? lentPatienceBytes : patienceBytes;
    let at = 0;
    while (end - at >= lengthBytes) {
      const length = scratch.readInt32BE(at);
      this.#checkLength(length);
      const start = at + lengthBytes;
      if (length > end - start) {
        if (length <= patience) break;
        this.#begin(length, start, end);
        return;
      }
      at = start + length;
      const frame = scratch.subarray(start, at);
      this.#onFrame(this.#lends ? frame : Buffer.from(frame), this.#lends);
    }
    if (at > 0) scratch.copyWithin(0, at, end);
    this.#held = end - at;
  }

  /** Begins a large frame, whose first bytes are in the scratch buffer. */
  #begin(length: number, start: number, end: number): void {
    const capacity = this.#isTrusted ? length : Math.min(length, untrustedBytes);
    this.#frame = this.#allocate(capacity);
    this.#scratch.copy(this.#frame, 0, start, end);
    this.#frameBytes = length;
    this.#arrived = end - start;
    this.#held = 0;
  }

  #extend(frame: Buffer, arrived: number): void {
    this.#arrived = arrived;
    if (arrived < frame.length) return;
    if (arrived < this.#frameBytes) {
      // Who has sent half of it already is believed for the other half, but not for more.
      this.#frame = this.#allocate(Math.min(this.#frameBytes, 2 * frame.length));
      frame.copy(this.#frame);
      return;
    }
    this.#frame = undefined;
    this.#onFrame(frame, false);
  }

  #checkLength(length: number): void {
    if (length > 0 && length <= this.maxFrameBytes) return;
    const code = length > 0 ? "TOO_LARGE" : "INVALID_LENGTH";
    const message = `a frame claims to be ${length} bytes long, where 1 to ${this.maxFrameBytes} are allowed: does the other side speak Kafka's protocol, and do both sides agree on TLS?`;
    throw new DecodeError(code, message, 0);
  }
}
