import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorScene } from "../../../test/operator-scene.ts";
import { string } from "../serdes.ts";
import { timestampedKeyValueStore } from "../stores/key-value-builders.ts";
import type { TimestampedKeyValueStore } from "../stores/state-store.ts";
import { versionedKeyValueStore } from "../stores/versioned-store.ts";
import { reducing } from "./aggregation.ts";
import { aggregateStream } from "./stream-aggregate.ts";

const serdes = { key: string, value: string, storeType: "memory" } as const;
const joined = {
  initializer: () => "",
  aggregator: (aggregate: string, value: string) =>
    value === "nothing" ? null : `${aggregate}+${value}`,
};
const silent = { ...joined, terms: { store: "joined", sendsOldValues: false } };
const telling = { ...joined, terms: { store: "joined", sendsOldValues: true } };

test("an aggregate's time is the greatest of its records", () => {
  using scene = new OperatorScene(
    aggregateStream(silent),
    timestampedKeyValueStore("joined", serdes),
  );
  scene.pipe("a=x@10", "a=y@5", "b=z@7", "a=w@11");
  assert.deepEqual(scene.take(), ["a: +x @10", "a: +x+y @10", "b: +z @7", "a: +x+y+w @11"]);
});

test("records without key or value are dropped and reported", () => {
  using scene = new OperatorScene(
    aggregateStream(silent),
    timestampedKeyValueStore("joined", serdes),
  );
  scene.pipe("x@1", "a=@2");
  assert.deepEqual(scene.take(), []);
  assert.deepEqual(
    scene.dropped.map(({ node, reason }) => [node, reason.why]),
    [
      ["operator", "null-key"],
      ["operator", "null-value"],
    ],
  );
});

test("an aggregator that gives null deletes the row, and the next begins anew", () => {
  using scene = new OperatorScene(
    aggregateStream(telling),
    timestampedKeyValueStore("joined", serdes),
  );
  scene.pipe("a=x@10", "a=nothing@4");
  const store = scene.driver.store<TimestampedKeyValueStore<string, string>>("joined");
  assert.equal(store?.get("a"), null);
  scene.pipe("a=y@6");
  // The initial aggregate counts as an old value where no cache comes between, as on the JVM.
  assert.deepEqual(scene.take(), ["a: +x () @10", "a: null (+x) @10", "a: +y () @6"]);
});

test("a cache hands on the last of several updates, with what was stored before", () => {
  using scene = new OperatorScene(
    aggregateStream(telling),
    timestampedKeyValueStore("joined", { ...serdes, cache: true }),
    { keepsCaches: true },
  );
  scene.pipe("a=x@10", "b=y@11", "a=z@12");
  assert.deepEqual(scene.take(), []);
  scene.driver.commit();
  assert.deepEqual(scene.take(), ["b: +y @11", "a: +x+z @12"]);
  scene.pipe("a=w@9");
  scene.driver.commit();
  assert.deepEqual(scene.take(), ["a: +x+z+w (+x+z) @12"]);
});

test("headers of the record go on with the change", () => {
  using scene = new OperatorScene(
    aggregateStream(silent),
    timestampedKeyValueStore("joined", { ...serdes, cache: true }),
  );
  scene.pipe("a=x@10");
  assert.equal(scene.messages[0]?.headers[0]?.value?.toString(), "a=x@10");
});

test("what a versioned store finds too old goes no further", () => {
  using scene = new OperatorScene(
    aggregateStream(silent),
    versionedKeyValueStore("joined", { ...serdes, historyRetentionMs: 100 }),
  );
  scene.pipe("a=x@1000", "b=y@500", "b=z@950");
  assert.deepEqual(scene.take(), ["a: +x @1000", "b: +z @950"]);
  assert.deepEqual(
    scene.dropped.map(({ reason }) => reason.why),
    ["expired"],
  );
});

test("the first value is kept as it is, and later ones are reduced into it", () => {
  using scene = new OperatorScene(
    aggregateStream({
      terms: { store: "reduced", sendsOldValues: true },
      ...reducing<string, string>((aggregate, value, key) =>
        value === "end" ? null : `${key}(${aggregate},${value})`,
      ),
    }),
    timestampedKeyValueStore("reduced", serdes),
  );
  scene.pipe("a=x@10", "a=y@5", "a=end@20", "a=z@3", "v@4", "a=@4");
  assert.deepEqual(scene.take(), [
    "a: x @10",
    "a: a(x,y) (x) @10",
    "a: null (a(x,y)) @20",
    "a: z @3",
  ]);
  assert.deepEqual(
    scene.dropped.map(({ reason }) => reason.why),
    ["null-key", "null-value"],
  );
});
