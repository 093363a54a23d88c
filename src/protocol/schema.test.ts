import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Reader, Writer } from "./bytes.ts";
import {
  between,
  type Decoded,
  defaulted,
  type Encodable,
  nullableStruct,
  since,
  struct,
  tagged,
  type UnknownTag,
  unknownTags,
} from "./schema.ts";
import {
  array,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  nullableStringSince,
  string,
  type Type,
} from "./wire-type.ts";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const fields = {
  id: int16,
  name: between(1, 3, string, ""),
  hint: since(2, int32, -1, "ignorable"),
  limit: defaulted(int32, 7),
  note: tagged(0, 4, nullableString, null),
  rows: tagged(2, 4, array(struct({ row: int8 })), []),
};
const message = struct(fields);
const flexibleFrom = 4;

true satisfies Same<
  Decoded<typeof fields>,
  {
    id: number;
    name: string;
    hint: number;
    limit: number;
    note: string | null;
    rows: { row: number }[];
  }
>;
true satisfies Same<keyof Encodable<typeof fields>, keyof typeof fields>;
({ id: 1 }) satisfies Encodable<typeof fields>;
// @ts-expect-error: a field that all versions have and that has no default is required
({ name: "" }) satisfies Encodable<typeof fields>;

function encode<In>(type: Type<unknown, In>, version: number, value: In): string {
  const writer = new Writer();
  type.at({ version, flexible: version >= flexibleFrom }).encode(writer, value);
  return writer.toBuffer().toString("hex");
}

function decode<Out>(type: Type<Out, never>, version: number, hex: string, keep = false): Out {
  const reader = new Reader(Buffer.from(hex, "hex"), { keepUnknownTags: keep });
  const value = type.at({ version, flexible: version >= flexibleFrom }).decode(reader);
  assert.equal(reader.remaining, 0);
  return value;
}

function keptBy(decoded: object): readonly UnknownTag[] | undefined {
  return (decoded as { [unknownTags]?: readonly UnknownTag[] })[unknownTags];
}

describe("a struct", () => {
  test("has the fields of its version, in the order in which they were declared", () => {
    const value = { id: 1, name: "n", hint: 2, limit: 3 };
    assert.equal(encode(message, 0, { id: 1, limit: 3 }), "000100000003");
    assert.equal(encode(message, 1, { id: 1, name: "n", limit: 3 }), "000100016e00000003");
    assert.equal(encode(message, 2, value), "000100016e0000000200000003");
  });

  test("is decoded with the defaults of the fields that its version lacks", () => {
    const expected = { id: 1, name: "", hint: -1, limit: 3, note: null, rows: [] };
    assert.deepEqual(decode(message, 0, "000100000003"), expected);
  });

  test("takes a field's default where the value is left out or undefined", () => {
    assert.equal(encode(message, 0, { id: 1 }), "000100000007");
    assert.equal(encode(message, 0, { id: 1, limit: undefined }), "000100000007");
  });

  test("cannot be encoded without a field that has no default", () => {
    const lacking = { limit: 3 } as unknown as { id: number };
    const expected = { code: "INVALID_ARGUMENT", message: 'the message lacks its field "id"' };
    assert.throws(() => encode(message, 0, lacking), expected);
  });

  test("refuses a value that its version cannot carry", () => {
    const expected = { code: "UNSUPPORTED_VERSION", message: /version 0 .* "name"/ };
    assert.throws(() => encode(message, 0, { id: 1, name: "n" }), expected);
    assert.throws(() => encode(message, 4, { id: 1, name: "n" }), { code: "UNSUPPORTED_VERSION" });
    assert.throws(() => encode(message, 3, { id: 1, note: "n" }), { code: "UNSUPPORTED_VERSION" });
    const rows = { id: 1, rows: [{ row: 1 }] };
    assert.throws(() => encode(message, 3, rows), { code: "UNSUPPORTED_VERSION" });
  });

  test("lets go of a value that its version cannot carry where that is the default or ignorable", () => {
    assert.equal(encode(message, 0, { id: 1, name: "", rows: [], note: null }), "000100000007");
    assert.equal(encode(message, 0, { id: 1, hint: 5 }), "000100000007");
  });

  test("shares its defaults with others, so they cannot be changed", () => {
    const { rows } = decode(message, 0, "000100000003");
    assert.throws(() => rows.push({ row: 1 }), TypeError);
  });
});

describe("a tagged field", () => {
  const plain = "0001ffffffff00000007";

  test("is left out where it has its default", () => {
    assert.equal(encode(message, 4, { id: 1 }), `${plain}00`);
    assert.equal(encode(message, 4, { id: 1, note: null, rows: [] }), `${plain}00`);
  });

  test("travels with its tag and size otherwise", () => {
    const hex = `${plain}02${"0002"}${"026e"}${"0203"}${"020900"}`;
    const value = { id: 1, note: "n", rows: [{ row: 9 }] };
    assert.equal(encode(message, 4, value), hex);
    const decoded = { ...value, name: "", hint: -1, limit: 7 };
    assert.deepEqual(decode(message, 4, hex), decoded);
  });

  test("that is not known is dropped, or kept in its place among the known ones", () => {
    const hex = `${plain}03${"0002026e"}${"010155"}${"03020102"}`;
    const dropped = decode(message, 4, hex);
    assert.equal(encode(message, 4, dropped), `${plain}01${"0002026e"}`);
    assert.deepEqual(keptBy(decode(message, 4, hex, true)), [
      { tag: 1, data: Buffer.from("55", "hex") },
      { tag: 3, data: Buffer.from("0102", "hex") },
    ]);
    assert.equal(encode(message, 4, decode(message, 4, hex, true)), hex);
  });

  test("that is not known is kept within a nested struct too", () => {
    const hex = `${plain}01${"0206"}${"0209"}${"01050177"}`;
    assert.equal(encode(message, 4, decode(message, 4, hex, true)), hex);
    assert.equal(encode(message, 4, decode(message, 4, hex)), `${plain}01${"0203020900"}`);
  });

  test("whose size is not that of its content is refused", () => {
    for (const hex of [`${plain}01${"0003026e00"}`, `${plain}01${"0001026e"}`]) {
      assert.throws(() => decode(message, 4, hex), { code: "INVALID_LENGTH" });
    }
  });

  test("is one of a number that the bytes could hold", () => {
    assert.throws(() => decode(message, 4, `${plain}ffffffff0f`), { code: "INVALID_LENGTH" });
  });

  test("may be one of very many unknown ones, which take time in proportion to their number", () => {
    const many = 100_000;
    const writer = new Writer();
    writer.bytes(Buffer.from(plain, "hex"));
    writer.unsignedVarint(many);
    for (let tag = 10; tag < many + 10; tag += 1) {
      writer.unsignedVarint(tag);
      writer.unsignedVarint(0);
    }
    const reader = new Reader(writer.toBuffer(), { keepUnknownTags: true });
    const decoded = message.at({ version: 4, flexible: true }).decode(reader);
    assert.equal(keptBy(decoded)?.length, many);
  });
});

describe("a nullable struct", () => {
  const type = nullableStruct({ id: int16 });

  test("has one byte before it that tells whether it is null", () => {
    assert.equal(encode(type, 0, null), "ff");
    assert.equal(encode(type, 0, { id: 5 }), "010005");
    assert.equal(encode(type, 4, { id: 5 }), "01000500");
    assert.equal(decode(type, 0, "ff"), null);
    assert.deepEqual(decode(type, 4, "01000500"), { id: 5 });
  });
});

describe("a type that is nullable from some version on", () => {
  test("refuses null in an earlier one, in both directions", () => {
    const expected = { code: "UNSUPPORTED_VERSION", message: /version 1 .* where version 2 can/ };
    assert.throws(() => encode(nullableStringSince(2), 1, null), expected);
    assert.throws(() => encode(nullableArray(int8, 2), 1, null), expected);
    assert.throws(() => decode(nullableStringSince(2), 1, "ffff"), { code: "INVALID_LENGTH" });
    assert.throws(() => decode(nullableArray(int8, 2), 1, "ffffffff"), { code: "INVALID_LENGTH" });
  });

  test("carries null from then on, compact or not", () => {
    assert.equal(encode(nullableStringSince(2), 2, null), "ffff");
    assert.equal(encode(nullableStringSince(2), 4, null), "00");
    assert.equal(encode(nullableArray(int8, 2), 2, null), "ffffffff");
    assert.equal(decode(nullableArray(int8, 2), 4, "00"), null);
  });
});

describe("text", () => {
  test("has a length of two bytes, or plus one as a varint where it is compact", () => {
    assert.equal(encode(string, 0, "ö"), "0002c3b6");
    assert.equal(encode(string, 4, "ö"), "03c3b6");
  });

  test("of more than 32767 bytes is refused, compact or not", () => {
    const long = "x".repeat(32768);
    assert.throws(() => encode(string, 0, long), { code: "INVALID_ARGUMENT" });
    assert.throws(() => encode(string, 4, long), { code: "INVALID_ARGUMENT" });
    assert.throws(() => decode(string, 4, "818002"), { code: "INVALID_LENGTH" });
    assert.equal(encode(string, 4, long.slice(1)).length, 2 * (3 + 32767));
  });

  test("that is null is refused where it must not be", () => {
    assert.throws(() => decode(string, 0, "ffff"), { code: "INVALID_LENGTH" });
    assert.throws(() => decode(string, 4, "00"), { code: "INVALID_LENGTH" });
  });
});

describe("a list", () => {
  test("whose length cannot be is refused before anything is read", () => {
    for (const hex of ["80000000", "fffffffe", "7fffffff", "0000000201"]) {
      assert.throws(() => decode(array(int8), 0, hex), { code: "INVALID_LENGTH" }, hex);
    }
    assert.throws(() => decode(array(int8), 4, "ffffffff0f"), { code: "INVALID_LENGTH" });
  });
});
