import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { changeSerde } from "./change-serde.ts";
import type { Change } from "./message.ts";
import { serde as custom, string } from "./serdes.ts";

const serde = changeSerde(string);

function hex(newValue: string | null, oldValue: string | null): string {
  return Buffer.from(serde.serialize({ newValue, oldValue, isLatest: true }) as Buffer).toString(
    "hex",
  );
}

function read(text: string): Change<string> {
  const bytes = Buffer.from(text, "hex");
  return serde.deserialize(bytes, 0, bytes.length);
}

test("changes are written as Kafka Streams 4.3.1 writes them", () => {
  assert.equal(hex("n", "o"), "026e6f02");
  assert.equal(hex("n", null), "6e01");
  assert.equal(hex(null, "o"), "6f00");
});

test("changes that say whether they are of the latest version are understood", () => {
  assert.deepEqual(read("6f0003"), { newValue: null, oldValue: "o", isLatest: false });
  assert.deepEqual(read("6e0104"), { newValue: "n", oldValue: null, isLatest: true });
  assert.deepEqual(read("026e6f0005"), { newValue: "n", oldValue: "o", isLatest: false });
});

test("a change is read as it was written", () => {
  const value = fc.string({ unit: "grapheme", maxLength: 200 });
  fc.assert(
    fc.property(value, value, (newValue, oldValue) => {
      for (const change of [
        { newValue, oldValue, isLatest: true },
        { newValue, oldValue: null, isLatest: true },
        { newValue: null, oldValue, isLatest: true },
      ]) {
        const written = serde.serialize(change) as Buffer;
        const whole = Buffer.concat([Buffer.from("xx"), written]);
        assert.deepEqual(serde.deserialize(whole, 2, whole.length), change);
      }
    }),
  );
});

test("what is no change is refused", () => {
  for (const wrong of ["", "6e07", "03", "7f6e6f02", "016e6f02"]) {
    assert.throws(() => read(wrong), { name: "DecodeError" }, wrong);
  }
  const nothing = { newValue: null, oldValue: null, isLatest: true };
  assert.throws(() => serde.serialize(nothing), { code: "INVALID_STATE" });
});

test("a serde that is told of topics is told of them here too", () => {
  const seen: string[] = [];
  const telling = changeSerde<string>({
    ...string,
    serializeFor(value, topic) {
      seen.push(topic);
      return value;
    },
  });
  telling.serializeFor?.({ newValue: "n", oldValue: "o", isLatest: true }, "groups", []);
  assert.deepEqual(seen, ["groups", "groups"]);
});

test("both values of changes are prepared for, and bytes that are no change are left to be refused", async () => {
  const prepared: string[] = [];
  const inner = custom<string>({
    serialize: (value) => value,
    deserialize: String,
    async prepare(batch) {
      prepared.push(...batch.map(String));
    },
  });
  const changes = changeSerde(inner);
  const both = changes.serialize({ newValue: "b", oldValue: "a", isLatest: true });
  const added = changes.serialize({ newValue: "c", oldValue: null, isLatest: true });
  await changes.prepare?.([both as Buffer, Buffer.from("xyz"), added as Buffer], "t");
  assert.deepEqual(prepared, ["b", "a", "c"]);
});
