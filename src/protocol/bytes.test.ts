import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { int64Max, int64Min, Reader, unsignedVarintSize, Writer, zeroUuid } from "./bytes.ts";

const reading = (hex: string) => new Reader(Buffer.from(hex, "hex"));

function written(write: (writer: Writer) => void, capacity?: number): string {
  const writer = new Writer(capacity);
  write(writer);
  return writer.toBuffer().toString("hex");
}

describe("an int64", () => {
  const cases: [value: number, hex: string][] = [
    [0, "0000000000000000"],
    [-1, "ffffffffffffffff"],
    [2 ** 32, "0000000100000000"],
    [-(2 ** 32) - 1, "fffffffeffffffff"],
    [Number.MAX_SAFE_INTEGER, "001fffffffffffff"],
    [Number.MIN_SAFE_INTEGER, "ffe0000000000001"],
    [int64Max, "7fffffffffffffff"],
    [int64Min, "8000000000000000"],
  ];
  for (const [value, hex] of cases) {
    test(`${value} travels exactly`, () => {
      assert.equal(
        written((writer) => writer.int64(value)),
        hex,
      );
      assert.equal(reading(hex).int64(), value);
    });
  }

  for (const hex of [
    "0020000000000000",
    "7ffffffffffffffe",
    "8000000000000001",
    "ffe0000000000000",
  ]) {
    test(`0x${hex} is refused, since a number cannot hold it`, () => {
      assert.throws(() => reading(hex).int64(), { code: "INTEGER_TOO_LARGE" });
    });
  }
});

describe("an unsigned varint", () => {
  const cases: [value: number, hex: string][] = [
    [0, "00"],
    [127, "7f"],
    [128, "8001"],
    [16383, "ff7f"],
    [16384, "808001"],
    [2097151, "ffff7f"],
    [2097152, "80808001"],
    [268435455, "ffffff7f"],
    [268435456, "8080808001"],
    [2 ** 31, "8080808008"],
    [2 ** 32 - 1, "ffffffff0f"],
  ];
  for (const [value, hex] of cases) {
    test(`of ${value} has ${hex.length / 2} bytes`, () => {
      assert.equal(
        written((writer) => writer.unsignedVarint(value)),
        hex,
      );
      assert.equal(reading(hex).unsignedVarint(), value);
      assert.equal(unsignedVarintSize(value), hex.length / 2);
    });
  }

  test("of more than 32 bits is refused", () => {
    for (const hex of ["ffffffff10", "808080808001", "ffffffffffffffffff01"]) {
      assert.throws(() => reading(hex).unsignedVarint(), { code: "INVALID_VARINT" }, hex);
    }
  });

  test("that breaks off is refused", () => {
    assert.throws(() => reading("8080").unsignedVarint(), { code: "TRUNCATED" });
  });
});

describe("a varint", () => {
  const cases: [value: number, hex: string][] = [
    [0, "00"],
    [-1, "01"],
    [1, "02"],
    [63, "7e"],
    [-64, "7f"],
    [64, "8001"],
    [-65, "8101"],
    [2 ** 31 - 1, "feffffff0f"],
    [-(2 ** 31), "ffffffff0f"],
  ];
  for (const [value, hex] of cases) {
    test(`of ${value} goes there and back, as varlong too`, () => {
      assert.equal(
        written((writer) => writer.varint(value)),
        hex,
      );
      assert.equal(
        written((writer) => writer.varlong(value)),
        hex,
      );
      assert.equal(reading(hex).varint(), value);
      assert.equal(reading(hex).varlong(), value);
    });
  }
});

describe("a varlong", () => {
  const cases: [value: number, hex: string][] = [
    [2 ** 31, "8080808010"],
    [-(2 ** 31) - 1, "8180808010"],
    [2 ** 34 - 1, "feffffff7f"],
    [2 ** 34, "808080808001"],
    [1_700_000_000_000, "80a0abfef962"],
    [Number.MAX_SAFE_INTEGER, "feffffffffffff1f"],
    [Number.MIN_SAFE_INTEGER, "fdffffffffffff1f"],
  ];
  for (const [value, hex] of cases) {
    test(`of ${value} goes there and back`, () => {
      assert.equal(
        written((writer) => writer.varlong(value)),
        hex,
      );
      assert.equal(reading(hex).varlong(), value);
    });
  }

  test("beyond what a number holds is refused", () => {
    for (const hex of [
      "8080808080808020",
      "ffffffffffffff1f",
      "feffffffffffffffff01",
      "ffffffffffffffffff01",
    ]) {
      assert.throws(() => reading(hex).varlong(), { code: "INTEGER_TOO_LARGE" }, hex);
    }
  });

  test("of more than ten bytes is refused", () => {
    const hex = "8080808080808080808001";
    assert.throws(() => reading(hex).varlong(), { code: "INVALID_VARINT" });
  });
});

describe("a UUID", () => {
  const text = "00112233-4455-6677-8899-aabbccddeeff";

  test("is read and written in its usual form", () => {
    assert.equal(
      written((writer) => writer.uuid(text)),
      text.replaceAll("-", ""),
    );
    assert.equal(reading(text.replaceAll("-", "")).uuid(), text);
    assert.equal(reading("00".repeat(16)).uuid(), zeroUuid);
  });

  test("that is none is refused", () => {
    for (const bad of ["", "00112233", "orders", text.replace("f", "g")]) {
      assert.throws(() => new Writer().uuid(bad), TypeError, bad);
    }
  });
});

describe("a reader", () => {
  test("refuses to read past its end, and stays where it was", () => {
    const reader = reading("0102");
    assert.throws(() => reader.int32(), { code: "TRUNCATED", position: 0 });
    assert.equal(reader.int16(), 0x0102);
  });

  test("refuses a negative length", () => {
    assert.throws(() => reading("00").bytes(-1), { code: "INVALID_LENGTH" });
  });

  test("stops at the end it was given, though the buffer goes on", () => {
    const reader = new Reader(Buffer.from("01020304", "hex"), { position: 1, end: 3 });
    assert.equal(reader.remaining, 2);
    assert.equal(reader.int16(), 0x0203);
    assert.throws(() => reader.int8(), { code: "TRUNCATED" });
  });

  test("gives bytes as slices of the buffer", () => {
    const buffer = Buffer.from("0102", "hex");
    const slice = new Reader(buffer).bytes(2);
    buffer[0] = 9;
    assert.equal(slice[0], 9);
  });
});

describe("a writer", () => {
  const steps: Record<string, [write: (writer: Writer) => void, hex: string]> = {
    boolean: [(writer) => writer.boolean(true), "01"],
    int8: [(writer) => writer.int8(-2), "fe"],
    int16: [(writer) => writer.int16(-2), "fffe"],
    uint16: [(writer) => writer.uint16(65535), "ffff"],
    int32: [(writer) => writer.int32(-2), "fffffffe"],
    uint32: [(writer) => writer.uint32(2 ** 32 - 1), "ffffffff"],
    int64: [(writer) => writer.int64(-2), "fffffffffffffffe"],
    float64: [(writer) => writer.float64(-1.5), "bff8000000000000"],
    uuid: [(writer) => writer.uuid(zeroUuid), "00".repeat(16)],
    "unsigned varint": [(writer) => writer.unsignedVarint(300), "ac02"],
    varint: [(writer) => writer.varint(-300), "d704"],
    varlong: [(writer) => writer.varlong(-300), "d704"],
    bytes: [(writer) => writer.bytes(Buffer.from([7, 8, 9])), "070809"],
    text: [(writer) => writer.text("größe", 7), "6772c3b6c39f65"],
  };
  for (const [name, [write, hex]] of Object.entries(steps)) {
    test(`loses nothing where ${name} makes its buffer grow`, () => {
      for (let before = 250; before <= 256; before += 1) {
        const padding = "aa".repeat(before);
        const all = written((writer) => {
          writer.bytes(Buffer.from(padding, "hex"));
          write(writer);
        }, 256);
        assert.equal(all, padding + hex, `after ${before} bytes`);
      }
    });
  }

  test("shares large bytes instead of copying them, and counts them", () => {
    const large = Buffer.alloc(10_000, 1);
    const writer = new Writer();
    writer.int8(1);
    writer.bytes(large);
    writer.int8(2);
    assert.equal(writer.length, 10_002);
    const parts = writer.parts();
    assert.deepEqual(
      parts.map(({ length }) => length),
      [1, 10_000, 1],
    );
    assert.equal(parts[1]?.buffer, large.buffer);
  });
});
