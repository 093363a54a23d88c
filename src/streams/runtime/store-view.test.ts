import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";
import type {
  ReadOnlyKeyValueStore,
  ReadOnlySessionStore,
  ReadOnlyWindowStore,
  StateStore,
  ValueAndTimestamp,
} from "../stores/state-store.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { session, tumbling } from "../windows.ts";
import { storeView } from "./store-view.ts";

const text = { key: string, value: string };

/** A driver of two partitions with counts by key, by window and by session of what was written. */
function counted(records: readonly (readonly [key: string, timestamp: number])[]) {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", text).groupByKey();
  grouped.count({ store: "counts" });
  grouped.windowedBy(tumbling({ size: 10, grace: 0 })).count({ store: "windows" });
  grouped.windowedBy(session({ gap: 5, grace: 0 })).count({ store: "sessions" });
  const driver = new TopologyTestDriver(builder.build(), { partitions: 2 });
  const input = driver.createInputTopic("in", text);
  for (const [key, timestamp] of records) input.pipe(key, "", timestamp);
  const stores = (name: string) => () =>
    [0, 1].map((partition) => driver.store(name, partition) as StateStore);
  return { driver, stores };
}

const keys = ["a", "b", "c", "d"];
const records = [1, 22].flatMap((timestamp) => keys.map((key) => [key, timestamp] as const));

test("a key is found in whichever partition has it, and ranges go through one after the other", () => {
  const { driver, stores } = counted(records);
  const view = storeView("timestamped-key-value", stores("counts")) as ReadOnlyKeyValueStore<
    string,
    ValueAndTimestamp<number>
  >;
  for (const key of ["a", "b", "c", "d"]) assert.equal(view.get(key)?.value, 2);
  assert.equal(view.get("e"), null);
  assert.deepEqual([...view.all()].map(([key]) => key).sort(), ["a", "b", "c", "d"]);
  assert.deepEqual([...view.range("b", "c")].map(([key]) => key).sort(), ["b", "c"]);
  assert.equal(view.approximateNumEntries(), 4);
  assert.equal("put" in view, false);
  driver.close();
});

test("windows of several partitions are read as those of one", () => {
  const { driver, stores } = counted(records);
  const view = storeView("timestamped-window", stores("windows")) as ReadOnlyWindowStore<
    string,
    ValueAndTimestamp<number>
  >;
  assert.equal(view.fetch("c", 20)?.value, 1);
  assert.equal(view.fetch("c", 10), null);
  assert.deepEqual(
    [...view.fetchRange("d", 0, 30)].map(([start]) => start),
    [0, 20],
  );
  assert.equal([...view.fetchAll(20, 20)].length, 4);
  assert.equal([...view.all()].length, 8);
  driver.close();
});

test("sessions of several partitions are read as those of one", () => {
  const { driver, stores } = counted(records);
  const view = storeView("session", stores("sessions")) as ReadOnlySessionStore<string, number>;
  assert.equal(view.fetchSession("b", 22, 22), 1);
  assert.equal([...view.fetch("a")].length, 2);
  assert.equal([...view.findSessions("d", 20, 30)].length, 1);
  driver.close();
});
