import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Serde } from "./serde.ts";
import * as serdes from "./serdes.ts";
import type { Windowed } from "./stores/state-store.ts";

const { bigint64, boolean, float32, float64, int16, int32, int64, list, nothing, nullable } =
  serdes;
const { sessionWindowed, string, uuid, windowed } = serdes;

/** A value as the JVM's serdes write it; made by SerdeVectors.java. */
interface Vector {
  readonly serde: string;
  readonly hex: string;
  readonly value: string | readonly (string | null)[];
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "serdes.vectors.json"), "utf8"),
);

/** How the values of vectors are written down, by serde. */
const parsers: { readonly [serde: string]: (text: string) => unknown } = {
  string: (text) => text,
  uuid: (text) => text,
  boolean: (text) => text === "true",
  bigint64: BigInt,
  windowed: windowedOf,
  sessionWindowed: windowedOf,
};

const byName: { readonly [serde: string]: Serde<never> } = {
  ...{ bigint64, boolean, float32, float64, int16, int32, int64, string, uuid },
  windowed: windowed(string, { size: 10 }),
  sessionWindowed: sessionWindowed(string),
} as never;

const serdeVectors = vectors.filter(({ serde }) => !/headers$/i.test(serde));

for (const { serde: name, hex, value } of serdeVectors) {
  test(`${name} is written and read as the JVM does: ${JSON.stringify(value)}`, () => {
    const inner = /^list\((.*)\)$/.exec(name)?.[1];
    const parse = parsers[inner ?? name] ?? Number;
    const entry = byName[inner ?? name] as Serde<unknown>;
    const serde = (inner === undefined ? entry : list(nullable(entry))) as Serde<unknown>;
    const expected =
      typeof value === "string" ? parse(value) : value.map((one) => one && parse(one));
    const bytes = Buffer.from(hex, "hex");
    assert.equal(written(serde, expected)?.toString("hex"), hex);
    const read = readBack(serde, bytes);
    const isFloat = name.includes("float32");
    if (isFloat && typeof expected === "number") assert.equal(read, Math.fround(expected));
    else assert.deepEqual(read, expected);
  });
}

test("values that do not fit are refused before anything is written", () => {
  const refused: readonly [Serde<never>, unknown][] = [
    [int16, 32_768],
    [int16, 1.5],
    [int32, 2 ** 31],
    [int64, 2 ** 53],
    [bigint64, 2n ** 63n],
    [bigint64, 1],
    [float64, "1"],
    [uuid, "no uuid"],
    [nothing, "something"],
    [list(string), ["a", null]],
    [list(string), ["a", undefined]],
  ] as never;
  for (const [serde, value] of refused) {
    assert.throws(() => serde.serialize(value as never), { code: "INVALID_ARGUMENT" });
  }
});

test("bytes that cannot be of the type are refused", () => {
  const refused: readonly [Serde<unknown>, string][] = [
    [int16, "000000"],
    [int64, "7fffffffffffffff"],
    [boolean, "02"],
    [boolean, ""],
    [uuid, "00"],
    [nothing, ""],
    [list(string), ""],
    [list(string), "02"],
    [list(string), "0000000000"],
    [list(string), "01000000"],
    [list(string), "01ffffffff"],
    [list(string), "0100000001ffffffff"],
    [list(string), "0100000001fffffffe"],
    [list(string), "01000000010000000261"],
    [list(int32), "00000000010000000000000001"],
    [list(int32), "007fffffff"],
  ];
  for (const [serde, hex] of refused) {
    assert.throws(() => readBack(serde, Buffer.from(hex, "hex")), { name: "DecodeError" }, hex);
  }
});

test("null stays null through nullable, and other values are up to the serde inside", () => {
  const serde = nullable(int32);
  assert.equal(serde.serialize(null), null);
  assert.deepEqual(serde.serialize(5), int32.serialize(5));
  assert.equal(nothing.serialize(null), null);
});

test("lists of lists come back as they were", () => {
  const serde = list(nullable(list(nullable(string))));
  const entries = fc.array(fc.option(fc.array(fc.option(fc.string({ unit: "grapheme" })))));
  fc.assert(
    fc.property(entries, (value) => {
      assert.deepEqual(readBack(serde, written(serde, value) as Buffer), value);
    }),
  );
});

test("a list that is cut off anywhere is refused", () => {
  const serde = list(string);
  const whole = written(serde, ["ab", "", "c"]) as Buffer;
  for (let end = 0; end < whole.length; end += 1) {
    assert.throws(() => serde.deserialize(whole, 0, end), { name: "DecodeError" });
  }
});

test("a serde inside others is told the topic, and prepares for what is its own in a batch", async () => {
  const prepared: string[] = [];
  const inner = serdes.serde<string>({
    serialize: (value, topic) => `${topic}:${value}`,
    deserialize: (bytes) => bytes.toString(),
    async prepare(batch, topic) {
      prepared.push(`${topic} ${batch.map(String).join()}`);
    },
  });
  const outer = list(nullable(inner));
  const bytes = outer.serializeFor?.(["a", null, "b"], "t", []) as Buffer;
  assert.deepEqual(readBack(outer, bytes), ["t:a", null, "t:b"]);
  await outer.prepare?.([bytes], "t");
  const row = { key: "k", window: { start: 1, end: 2 } };
  const key = Buffer.from(windowed(inner).serializeFor?.(row, "t", []) as Buffer);
  await windowed(inner).prepare?.([key], "t");
  await sessionWindowed(inner).prepare?.([written(sessionWindowed(inner), row) as Buffer], "t");
  assert.deepEqual(prepared, ["t t:a,t:b", "t t:k", "t :k"]);
});

function written<T>(serde: Serde<T>, value: T): Buffer | null {
  const bytes = serde.serialize(value);
  return bytes === null ? null : Buffer.from(bytes as string);
}

/** Reads from the middle of a larger buffer, as records are. */
function readBack<T>(serde: Serde<T>, bytes: Buffer): T {
  const padded = Buffer.concat([Buffer.from("before"), bytes, Buffer.from("after")]);
  return serde.deserialize(padded, 6, 6 + bytes.length);
}

function windowedOf(text: string): Windowed<string> {
  const [, key = "", start, end] = /^(.*)@(\d+)\/(\d+)$/.exec(text) ?? [];
  return { key, window: { start: Number(start), end: Number(end) } };
}
