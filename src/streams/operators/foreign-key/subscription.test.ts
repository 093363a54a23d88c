import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { string } from "../../serdes.ts";
import { combinedKey, primaryKeyIn } from "./key-bytes.ts";
import { responseSerde } from "./response.ts";
import { type Instruction, type Subscription, subscriptionSerde } from "./subscription.ts";

const bytes = (maxLength: number, minLength = 0) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));
const hash = fc.option(bytes(16, 16));
const instruction = fc.constantFrom<Instruction>(
  "delete-no-propagate",
  "delete-and-propagate",
  "propagate-null-if-missing",
  "propagate-only-if-present",
);

test("a subscription is read as it was written, wherever it lies in a buffer", () => {
  const primaryPartition = fc.nat();
  const fields = { hash, instruction, primaryKey: bytes(20), primaryPartition };
  const subscription = fc.record(fields, { noNullPrototype: true });
  fc.assert(
    fc.property(subscription, bytes(3), (written, around) => {
      const own = Buffer.from(subscriptionSerde.serialize(written) as Buffer);
      const whole = Buffer.concat([around, own, around]);
      const end = around.length + own.length;
      assert.deepEqual(subscriptionSerde.deserialize(whole, around.length, end), written);
    }),
  );
});

test("a subscription of version 0 has no partition", () => {
  const old = Buffer.from([0x80, 2, 0x6b]);
  const read: Subscription = subscriptionSerde.deserialize(old, 0, old.length);
  const primaryKey = Buffer.from("k");
  const rest = { instruction: "propagate-null-if-missing", primaryPartition: undefined } as const;
  assert.deepEqual(read, { hash: null, primaryKey, ...rest });
});

test("a subscription of a later version, an unknown instruction or too few bytes is refused", () => {
  for (const wrong of [
    [0x82, 2, 0x6b, 0, 0, 0, 0],
    [0x81, 9, 0x6b, 0, 0, 0, 0],
    [0x81, 1, 0],
    [1, 1, 0, 0],
    [],
  ]) {
    const buffer = Buffer.from(wrong);
    assert.throws(() => subscriptionSerde.deserialize(buffer, 0, buffer.length), {
      code: "INVALID_VALUE",
    });
  }
});

test("an answer is read as it was written, but a value of no bytes as none", () => {
  const serde = responseSerde(string);
  const value = fc.option(fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(hash, value, (given, foreignValue) => {
      const response = { hash: given, foreignValue, primaryPartition: 3 };
      const written = serde.serialize(response) as Buffer;
      const read = serde.deserialize(written, 0, written.length);
      assert.deepEqual(read.hash, given);
      assert.equal(read.foreignValue, foreignValue === "" ? null : foreignValue);
    }),
  );
  for (const wrong of [[], [1], [0, 1, 2]]) {
    const buffer = Buffer.from(wrong);
    assert.throws(() => serde.deserialize(buffer, 0, buffer.length), { code: "INVALID_VALUE" });
  }
});

test("the key of a subscription holds both keys, and begins with what all of its foreign key do", () => {
  fc.assert(
    fc.property(bytes(10), bytes(10), (foreign, primary) => {
      const key = combinedKey(foreign, primary);
      assert.deepEqual(primaryKeyIn(key), primary);
      const prefix = combinedKey(foreign);
      assert.deepEqual(key.subarray(0, prefix.length), prefix);
    }),
  );
});
