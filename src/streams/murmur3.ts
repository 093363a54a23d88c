/** The seed that Kafka Streams hashes by. */
const seed = 104729;

/**
 * The 128-bit Murmur3 hash (x64) of bytes as Kafka Streams computes it for foreign-key joins: two int64,
 * big-endian.
 */
export function murmur3(bytes: Uint8Array): Buffer {
  const one = new Word(0, seed);
  const two = new Word(0, seed);
  const k = new Word(0, 0);
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const wholeBlocks = length & ~(blockBytes - 1);
  for (let at = 0; at < wholeBlocks; at += blockBytes) {
    k.set(view.getUint32(at + 4, true), view.getUint32(at, true));
    mixFirst(k, one);
    one.rotate(27).add(two).multiplySmall(5).addSmall(0x52dce729);
    k.set(view.getUint32(at + 12, true), view.getUint32(at + 8, true));
    mixSecond(k, two);
    two.rotate(31).add(one).multiplySmall(5).addSmall(0x38495ab5);
  }
  if (length > wholeBlocks + 8) {
    setLittleEndian(k, bytes, wholeBlocks + 8, length);
    mixSecond(k, two);
  }
  if (length > wholeBlocks) {
    setLittleEndian(k, bytes, wholeBlocks, Math.min(length, wholeBlocks + 8));
    mixFirst(k, one);
  }
  k.set(0, length);
  one.xor(k);
  two.xor(k);
  one.add(two);
  two.add(one);
  one.finish();
  two.finish();
  one.add(two);
  two.add(one);
  const hash = Buffer.allocUnsafe(blockBytes);
  one.write(hash, 0);
  two.write(hash, 8);
  return hash;
}

const blockBytes = 16;

/** An unsigned 64-bit integer in two halves, changed in place: `bigint` is some twenty times slower. */
class Word {
  #high: number;
  #low: number;

  constructor(high: number, low: number) {
    this.#high = high;
    this.#low = low;
  }

  set(high: number, low: number): this {
    this.#high = high >>> 0;
    this.#low = low >>> 0;
    return this;
  }

  xor(other: Word): this {
    return this.set(this.#high ^ other.#high, this.#low ^ other.#low);
  }

  add(other: Word): this {
    return this.#addHalves(other.#high, other.#low);
  }

  addSmall(low: number): this {
    return this.#addHalves(0, low);
  }

  multiplySmall(factor: number): this {
    return this.multiply(0, factor);
  }

  /** Multiplies by the 64-bit number of these halves, without what does not fit. */
  multiply(high: number, low: number): this {
    const [a1, a0] = [this.#low >>> 16, this.#low & 0xffff];
    const [b1, b0] = [low >>> 16, low & 0xffff];
    const lowest = a0 * b0;
    const middle = a1 * b0 + (lowest >>> 16);
    const other = a0 * b1 + (middle % 0x10000);
    const carry = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000);
    const top = carry + Math.imul(this.#low, high) + Math.imul(this.#high, low);
    return this.set(top, ((other & 0xffff) << 16) | (lowest & 0xffff));
  }

  /** Rotates to the left, by 1 to 63 bits other than 32. */
  rotate(bits: number): this {
    const [high, low] = bits < 32 ? [this.#high, this.#low] : [this.#low, this.#high];
    const by = bits & 31;
    return this.set((high << by) | (low >>> (32 - by)), (low << by) | (high >>> (32 - by)));
  }

  /** What Murmur3 ends with: spreads every bit over all. */
  finish(): void {
    this.#fold().multiply(0xff51afd7, 0xed558ccd);
    this.#fold().multiply(0xc4ceb9fe, 0x1a85ec53);
    this.#fold();
  }

  write(buffer: Buffer, at: number): void {
    buffer.writeUInt32BE(this.#high, at);
    buffer.writeUInt32BE(this.#low, at + 4);
  }

  /** XORs with itself, shifted to the right by 33 bits. */
  #fold(): this {
    return this.set(this.#high, this.#low ^ (this.#high >>> 1));
  }

  #addHalves(high: number, low: number): this {
    const sum = this.#low + low;
    return this.set(this.#high + high + (sum > 0xffffffff ? 1 : 0), sum);
  }
}

function mixFirst(k: Word, into: Word): void {
  k.multiply(0x87c37b91, 0x114253d5).rotate(31).multiply(0x4cf5ad43, 0x2745937f);
  into.xor(k);
}

function mixSecond(k: Word, into: Word): void {
  k.multiply(0x4cf5ad43, 0x2745937f).rotate(33).multiply(0x87c37b91, 0x114253d5);
  into.xor(k);
}

/** Reads up to eight bytes, the least significant first. */
function setLittleEndian(word: Word, bytes: Uint8Array, start: number, end: number): void {
  let high = 0;
  let low = 0;
  for (let at = end - 1; at >= start; at -= 1) {
    high = (high << 8) | (low >>> 24);
    low = (low << 8) | (bytes[at] as number);
  }
  word.set(high, low);
}
