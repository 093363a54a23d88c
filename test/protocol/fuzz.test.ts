import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DecodeError } from "../../src/errors.ts";
import { Reader } from "../../src/protocol/bytes.ts";
import { readVectors, subjects, type Vector } from "./vectors.ts";

// A failure prints its seed and path: FUZZ_SEED replays it, FUZZ_RUNS looks for longer.
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.FUZZ_RUNS ?? 30_000);
/** Far beyond what any of these messages takes, so that only what runs away exceeds it. */
const limitMs = 500;

const { vectors } = readVectors();
const codecs = new Map(subjects.map(({ name, codec }) => [name, codec]));
const decodable = vectors.filter(({ message }) => codecs.has(message));

/** One way to damage bytes; `at` is a place in them, as a fraction. */
type Damage =
  | { readonly kind: "flip"; readonly at: number; readonly bits: number }
  | { readonly kind: "truncate"; readonly at: number }
  | { readonly kind: "overwrite" | "insert"; readonly at: number; readonly with: string };

/** Lengths that cannot be: huge and negative ones, as int16, int32 and varint. */
const badLengths = [
  "7fff",
  "8000",
  "fffe",
  "7fffffff",
  "80000000",
  "fffffffe",
  "00ffffff",
  "ffffffff0f",
  "feffffff07",
  "808080800f",
  "ffffffffffffffffff01",
];

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant("flip"), at: place, bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant("truncate"), at: place }),
  fc.record({
    kind: fc.constantFrom("overwrite", "insert"),
    at: place,
    with: fc.constantFrom(...badLengths),
  }),
);

test("damaged messages are decoded or refused with a DecodeError, quickly and in proportion", () => {
  const cases = fc.property(
    fc.constantFrom(...decodable),
    fc.array(damage, { minLength: 1, maxLength: 4 }),
    (vector, damages) => {
      decodeWithin(vector, damages.reduce(damaged, Buffer.from(vector.hex, "hex")));
    },
  );
  fc.assert(cases, { seed, numRuns });
});

test("bytes at random are decoded or refused with a DecodeError, quickly and in proportion", () => {
  const cases = fc.property(
    fc.constantFrom(...decodable),
    fc.uint8Array({ maxLength: 300 }),
    (vector, bytes) => decodeWithin(vector, Buffer.from(bytes)),
  );
  fc.assert(cases, { seed, numRuns: numRuns / 2 });
});

test("a list that announces more items than bytes follow is refused before any is read", () => {
  const apiVersions = decodable.find(({ message }) => message === "ApiVersionsResponse");
  assert(apiVersions !== undefined);
  const codec = codecs.get("ApiVersionsResponse");
  for (const count of ["7fffffff", "80000000", "fffffffe", "00000009"]) {
    const bytes = Buffer.from(`0000${count}${"00".repeat(8)}`, "hex");
    assert.throws(() => codec?.decode(new Reader(bytes), 0), { code: "INVALID_LENGTH" }, count);
  }
});

function damaged(bytes: Buffer, one: Damage): Buffer {
  const at = Math.floor(one.at * bytes.length);
  switch (one.kind) {
    case "flip": {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = (copy[at] as number) ^ one.bits;
      return copy;
    }
    case "truncate":
      return bytes.subarray(0, at);
    case "overwrite":
    case "insert": {
      const inserted = Buffer.from(one.with, "hex");
      const rest = one.kind === "insert" ? at : at + inserted.length;
      return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(rest)]);
    }
    default:
      return one satisfies never;
  }
}

function decodeWithin({ message, version }: Vector, bytes: Buffer): void {
  const startedAt = performance.now();
  try {
    const decoded = codecs.get(message)?.decode(new Reader(bytes), version);
    // Every item of a list takes a byte at least, and has but so many fields.
    assert(countItems(decoded) <= bytes.length, "there are more items than bytes");
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  const tookMs = performance.now() - startedAt;
  assert(tookMs < limitMs, `${bytes.length} bytes of ${message} took ${tookMs} ms`);
}

/** How many items all the lists within a value have in sum. */
function countItems(value: unknown): number {
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return 0;
  const inner = Object.values(value).reduce((sum: number, one) => sum + countItems(one), 0);
  return Array.isArray(value) ? value.length + inner : inner;
}
