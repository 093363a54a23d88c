/**
 * The 64-bit XXH3 hash of bytes, with seed 0 and the default secret, as an unsigned number of 64 bits.
 * Kafka hashes the topics of a group with it (KIP-1101). Meant for kilobytes, not for the hot path:
 * the arithmetic is that of `bigint`, since 64-bit products are what the hash is made of.
 */
export function xxh3(input: Buffer): bigint {
  const { length } = input;
  if (length === 0) return finalMix(word(secret, 56) ^ word(secret, 64));
  if (length <= 3) return hashUpTo3(input);
  if (length <= 8) return hashUpTo8(input);
  if (length <= 16) return hashUpTo16(input);
  if (length <= 128) return hashUpTo128(input);
  if (length <= 240) return hashUpTo240(input);
  return hashLong(input);
}

const secret = Buffer.from(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221" +
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8" +
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb" +
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
  "hex",
);

const prime32 = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn] as const;
const prime64 = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const mixPrimes = [0x165667919e3779f9n, 0x9fb21c651e98df25n] as const;

const stripeBytes = 64;
const stripesPerBlock = (secret.length - stripeBytes) / 8;

function word(bytes: Buffer, at: number): bigint {
  return bytes.readBigUInt64LE(at);
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotateLeft(value: bigint, bits: bigint): bigint {
  return wrap(value << bits) | (value >> (64n - bits));
}

/** The avalanche of XXH64, which short inputs end with. */
function finalMix(value: bigint): bigint {
  const first = wrap((value ^ (value >> 33n)) * prime64[1]);
  const second = wrap((first ^ (first >> 29n)) * prime64[2]);
  return second ^ (second >> 32n);
}

function avalanche(value: bigint): bigint {
  const mixed = wrap((value ^ (value >> 37n)) * mixPrimes[0]);
  return mixed ^ (mixed >> 32n);
}

/** The two halves of a product of 128 bits, folded into one. */
function foldedProduct(left: bigint, right: bigint): bigint {
  const product = left * right;
  return wrap(product) ^ (product >> 64n);
}

function mix16(input: Buffer, at: number, secretAt: number): bigint {
  const low = word(input, at) ^ word(secret, secretAt);
  const high = word(input, at + 8) ^ word(secret, secretAt + 8);
  return foldedProduct(low, high);
}

function hashUpTo3(input: Buffer): bigint {
  const { length } = input;
  const first = input.readUInt8(0);
  const middle = input.readUInt8(length >> 1);
  const last = input.readUInt8(length - 1);
  const combined = BigInt(((first << 16) | (middle << 24) | last | (length << 8)) >>> 0);
  const flip = BigInt((secret.readUInt32LE(0) ^ secret.readUInt32LE(4)) >>> 0);
  return finalMix(combined ^ flip);
}

function hashUpTo8(input: Buffer): bigint {
  const { length } = input;
  const high = BigInt(input.readUInt32LE(0)) << 32n;
  const low = BigInt(input.readUInt32LE(length - 4));
  const keyed = (low + high) ^ word(secret, 8) ^ word(secret, 16);
  const rotated = keyed ^ rotateLeft(keyed, 49n) ^ rotateLeft(keyed, 24n);
  const first = wrap(rotated * mixPrimes[1]);
  const second = wrap((first ^ ((first >> 35n) + BigInt(length))) * mixPrimes[1]);
  return second ^ (second >> 28n);
}

function hashUpTo16(input: Buffer): bigint {
  const { length } = input;
  const low = word(input, 0) ^ word(secret, 24) ^ word(secret, 32);
  const high = word(input, length - 8) ^ word(secret, 40) ^ word(secret, 48);
  const swapped = Buffer.alloc(8);
  swapped.writeBigUInt64BE(low);
  return avalanche(wrap(BigInt(length) + word(swapped, 0) + high + foldedProduct(low, high)));
}

function hashUpTo128(input: Buffer): bigint {
  const { length } = input;
  let sum = BigInt(length) * prime64[0];
  const pairs = Math.floor((length - 1) / 32);
  for (let pair = pairs; pair >= 0; pair -= 1) {
    sum += mix16(input, pair * 16, pair * 32);
    sum += mix16(input, length - (pair + 1) * 16, pair * 32 + 16);
  }
  return avalanche(wrap(sum));
}

function hashUpTo240(input: Buffer): bigint {
  const { length } = input;
  let sum = BigInt(length) * prime64[0];
  for (let round = 0; round < 8; round += 1) sum += mix16(input, round * 16, round * 16);
  sum = avalanche(wrap(sum));
  const rounds = Math.floor(length / 16);
  for (let round = 8; round < rounds; round += 1) {
    sum += mix16(input, round * 16, (round - 8) * 16 + 3);
  }
  return avalanche(wrap(sum + mix16(input, length - 16, 136 - 17)));
}

function hashLong(input: Buffer): bigint {
  const { length } = input;
  const lanes = BigUint64Array.of(
    prime32[2],
    prime64[0],
    prime64[1],
    prime64[2],
    prime64[3],
    prime32[1],
    prime64[4],
    prime32[0],
  );
  // The last stripe is always taken apart, even where it overlaps the one before.
  const stripes = Math.floor((length - 1) / stripeBytes);
  for (let stripe = 0; stripe < stripes; stripe += 1) {
    const inBlock = stripe % stripesPerBlock;
    accumulate(lanes, input, stripe * stripeBytes, inBlock * 8);
    if (inBlock === stripesPerBlock - 1) scramble(lanes);
  }
  accumulate(lanes, input, length - stripeBytes, secret.length - stripeBytes - 7);
  let sum = BigInt(length) * prime64[0];
  for (let pair = 0; pair < 4; pair += 1) {
    const low = (lanes[pair * 2] ?? 0n) ^ word(secret, 11 + pair * 16);
    const high = (lanes[pair * 2 + 1] ?? 0n) ^ word(secret, 19 + pair * 16);
    sum += foldedProduct(low, high);
  }
  return avalanche(wrap(sum));
}

function accumulate(lanes: BigUint64Array, input: Buffer, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane += 1) {
    const data = word(input, at + lane * 8);
    const keyed = data ^ word(secret, secretAt + lane * 8);
    const neighbour = lane ^ 1;
    lanes[neighbour] = (lanes[neighbour] ?? 0n) + data;
    lanes[lane] = (lanes[lane] ?? 0n) + (keyed & 0xffffffffn) * (keyed >> 32n);
  }
}

function scramble(lanes: BigUint64Array): void {
  for (let lane = 0; lane < 8; lane += 1) {
    const value = lanes[lane] ?? 0n;
    const keyed = value ^ (value >> 47n) ^ word(secret, secret.length - stripeBytes + lane * 8);
    lanes[lane] = keyed * prime32[0];
  }
}
