import assert from "node:assert/strict";
import { test } from "node:test";
import { serde, string } from "../serdes.ts";
import { SingleRecord } from "../testing/single-record.ts";
import { prepareBatch } from "./prepare-batch.ts";
import type { RawRecord, RawRecords } from "./record-queue.ts";

test("without a serde that prepares, a batch is not even opened", () => {
  const open = () => assert.fail("opened");
  assert.equal(prepareBatch({ key: string, value: string }, "t", open), undefined);
});

test("serdes see the bytes of all keys and values of a batch, nulls left out", async () => {
  const seen: string[] = [];
  const seeing = (what: string) =>
    serde<string>({
      serialize: (value) => value,
      deserialize: String,
      async prepare(batch, topic) {
        seen.push(`${what} of ${topic}: ${batch.map(String).join()}`);
      },
    });
  const source = { key: seeing("keys"), value: seeing("values") };
  const open = () => recordsOf(["a", "1"], [null, "2"], ["c", null]);
  await prepareBatch(source, "t", open);
  assert.deepEqual(seen, ["keys of t: a,c", "values of t: 1,2"]);
});

test("a serde that has nothing to look at is not asked", async () => {
  const prepare = async () => assert.fail("asked");
  const value = serde<string>({ serialize: (text) => text, deserialize: String, prepare });
  await prepareBatch({ key: string, value }, "t", () => recordsOf(["a", null]));
});

test("a preparation that fails fails the batch", async () => {
  const prepare = async () => {
    throw new Error("the registry is away");
  };
  const value = serde<string>({ serialize: (text) => text, deserialize: String, prepare });
  const prepared = prepareBatch({ key: string, value }, "t", () => recordsOf(["a", "1"]));
  await assert.rejects(prepared as Promise<void>, /the registry is away/);
});

function recordsOf(...rows: readonly (readonly [string | null, string | null])[]): RawRecords {
  const records = rows.map(([key, value], offset) => {
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
    const raw = { topic: "t", partition: 0, timestamp: 0, headers: [] };
    return new SingleRecord({ ...raw, key: bytes(key), value: bytes(value) }, offset);
  });
  let at = -1;
  return {
    next: () => {
      at += 1;
      return at < records.length;
    },
    get record() {
      return records[at] as RawRecord;
    },
  };
}
