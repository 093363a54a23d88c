/** What an entry takes: 16 bytes of hash and 8 of offset, as in Kafka's `SkimpyOffsetMap`. */
const entryBytes = 24;
/** How full the table gets at most (`log.cleaner.io.buffer.load.factor`). */
const loadFactor = 0.9;

/**
 * The last offset of each key in the dirty part of a log, for the cleaner. It keeps 128 bits of hash
 * in a key's stead, so two keys that share one would count as one. That will not happen by chance, and
 * as the hash depends on a secret, not on purpose either.
 */
export class CleanerKeyMap {
  /** How many keys there are. */
  size = 0;
  /** How many keys there can be. */
  readonly capacity: number;
  readonly #slots: number;
  readonly #hashes: Int32Array;
  /** One more than the key's offset, 0 in a free slot: memory that nobody wrote to stays unused. */
  readonly #offsets: Float64Array;
  readonly #hash: KeyHash;

  constructor({
    limitBytes,
    mostKeys,
    secret,
  }: {
    /** Bounds what the table takes. */
    readonly limitBytes: number;
    /** How many keys can come at most: there is no need for a larger table. */
    readonly mostKeys: number;
    /** Eight random bytes. */
    readonly secret: Buffer;
  }) {
    const slots = Math.min(Math.floor(limitBytes / entryBytes), Math.ceil(mostKeys / loadFactor));
    // A table needs a free slot, or the search for a key that it lacks would have no end.
    this.#slots = Math.max(slots, 1) + 1;
    this.capacity = Math.max(Math.floor(slots * loadFactor), 1);
    this.#hashes = new Int32Array(4 * this.#slots);
    this.#offsets = new Float64Array(this.#slots);
    this.#hash = new KeyHash(secret);
  }

  get isFull(): boolean {
    return this.size >= this.capacity;
  }

  /** Sets the offset of the key `bytes[start, end)`. Must not be called once the map {@link isFull}. */
  put(bytes: Buffer, start: number, end: number, offset: number): void {
    const slot = this.#find(bytes, start, end);
    if (this.#offsets[slot] === 0) {
      this.#hash.store(this.#hashes, 4 * slot);
      this.size += 1;
    }
    this.#offsets[slot] = offset + 1;
  }

  /** The offset of the key `bytes[start, end)`, or −1. */
  get(bytes: Buffer, start: number, end: number): number {
    return (this.#offsets[this.#find(bytes, start, end)] as number) - 1;
  }

  /** The slot of a key, or the free one where it would go. */
  #find(bytes: Buffer, start: number, end: number): number {
    this.#hash.digest(bytes, start, end);
    const { a, b, c, d } = this.#hash;
    const hashes = this.#hashes;
    let slot = (a >>> 0) % this.#slots;
    while (this.#offsets[slot] !== 0) {
      const at = 4 * slot;
      if (
        hashes[at] === a &&
        hashes[at + 1] === b &&
        hashes[at + 2] === c &&
        hashes[at + 3] === d
      ) {
        break;
      }
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    }
    return slot;
  }
}

/**
 * HalfSipHash-1-3 (Aumasson, Bernstein), whose state of 128 bits gives four words instead of one. Node's
 * own hashes take ten times as long for a key of a few bytes.
 */
class KeyHash {
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  readonly #key0: number;
  readonly #key1: number;

  constructor(secret: Buffer) {
    this.#key0 = secret.readInt32LE(0);
    this.#key1 = secret.readInt32LE(4);
  }

  /** Puts the hash of `bytes[start, end)` into the four fields. */
  digest(bytes: Buffer, start: number, end: number): void {
    this.a = this.#key0;
    this.b = this.#key1 ^ 0xee;
    this.c = this.#key0 ^ 0x6c796765;
    this.d = this.#key1 ^ 0x74656462;
    let at = start;
    for (; at + 4 <= end; at += 4) this.#absorb(wordAt(bytes, at, at + 4));
    this.#absorb(wordAt(bytes, at, end) | ((end - start) << 24));
    this.c ^= 0xee;
    for (let round = 0; round < 3; round += 1) this.#mix();
    const first = this.b ^ this.d;
    const second = this.#draw();
    const third = this.#draw();
    this.d = this.#draw();
    this.a = first;
    this.b = second;
    this.c = third;
  }

  /** Writes the four fields down. */
  store(target: Int32Array, at: number): void {
    target[at] = this.a;
    target[at + 1] = this.b;
    target[at + 2] = this.c;
    target[at + 3] = this.d;
  }

  #draw(): number {
    this.b ^= 0xdd;
    for (let round = 0; round < 3; round += 1) this.#mix();
    return this.b ^ this.d;
  }

  #absorb(word: number): void {
    this.d ^= word;
    this.#mix();
    this.a ^= word;
  }

  #mix(): void {
    let { a, b, c, d } = this;
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 7) | (d >>> 25)) ^ a;
    c = (c + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ c;
    c = (c << 16) | (c >>> 16);
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
  }
}

/** The bytes from `at` to `end`, four at most, as a number whose lowest byte is the first. */
function wordAt(bytes: Buffer, at: number, end: number): number {
  let word = 0;
  for (let index = end - 1; index >= at; index -= 1) word = (word << 8) | (bytes[index] as number);
  return word;
}
