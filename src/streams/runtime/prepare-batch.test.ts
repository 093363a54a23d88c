import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/virtual-clock.ts";
import { serde, string } from "../serdes.ts";
import { SingleRecord } from "../testing/single-record.ts";
import { prepareBatch, prepareTimeoutMs } from "./prepare-batch.ts";
import type { RawRecord, RawRecords } from "./record-queue.ts";

const bound = { clock: new VirtualClock() };

test("without a serde that prepares, a batch is not even opened", () => {
  const open = () => assert.fail("opened");
  assert.equal(prepareBatch({ key: string, value: string }, "t", open, bound), undefined);
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
  await prepareBatch(source, "t", open, bound);
  assert.deepEqual(seen, ["keys of t: a,c", "values of t: 1,2"]);
});

test("a serde that has nothing to look at is not asked", async () => {
  const prepare = async () => assert.fail("asked");
  const value = serde<string>({ serialize: (text) => text, deserialize: String, prepare });
  await prepareBatch({ key: string, value }, "t", () => recordsOf(["a", null]), bound);
});

test("a preparation that fails fails the batch", async () => {
  const prepare = async () => {
    throw new Error("the registry is away");
  };
  const value = serde<string>({ serialize: (text) => text, deserialize: String, prepare });
  const prepared = prepareBatch({ key: string, value }, "t", () => recordsOf(["a", "1"]), bound);
  await assert.rejects(prepared as Promise<void>, /the registry is away/);
});

test("a preparation that never ends is given up after a minute, or when the signal aborts", async () => {
  const prepare = () => new Promise<void>(() => {});
  const value = serde<string>({ serialize: (text) => text, deserialize: String, prepare });
  const source = { key: string, value };
  const open = () => recordsOf(["a", "1"]);
  const clock = new VirtualClock();
  await assert.rejects(prepareBatch(source, "t", open, { clock }) as Promise<void>, {
    code: "TIMED_OUT",
    message: /prepare\(\) for a batch of topic t took longer than 60000 ms/,
  });
  assert.equal(clock.elapsed(), prepareTimeoutMs);
  const controller = new AbortController();
  const called = prepareBatch(source, "t", open, { clock, signal: controller.signal });
  controller.abort();
  await assert.rejects(called as Promise<void>, { code: "ABORTED" });
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
