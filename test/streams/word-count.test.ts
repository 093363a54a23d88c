import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { int64, StreamsBuilder, string, type Topology } from "millrace";
import { AppScene, rowsOf } from "../app-scene.ts";
import { until } from "../until.ts";

const topics = [
  { name: "lines", numPartitions: 2 },
  { name: "counts", numPartitions: 2 },
];
const fox = "the quick brown fox jumps over the lazy dog";
const lines = Array.from({ length: 50 }, (_, index) => [`${index}`, fox] as const);

function wordCount(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { key: string, value: string })
    .flatMapValues((line) => line.split(" "))
    .groupBy((word) => word, { key: string, value: string })
    .count({ store: "words" })
    .toStream()
    .to("counts", { key: string, value: int64 });
  return builder.build();
}

function countsOf(times: number): [string, number][] {
  const words = [...new Set(fox.split(" "))].sort();
  return words.map((word) => [word, word === "the" ? 2 * times : times]);
}

/** Whether every word has been counted for so many lines. */
function has(times: number): (counts: ReadonlyMap<string, number | null>) => boolean {
  return (counts) => countsOf(times).every(([word, count]) => counts.get(word) === count);
}

test("words are counted through a repartition topic, a store and its changelog", async () => {
  await using scene = await AppScene.start(topics);
  const app = await scene.run(wordCount());
  await scene.write("lines", lines);
  const table = await scene.table("counts", int64, has(50));
  assert.deepEqual(rowsOf(table), countsOf(50));
  const logged = await scene.table("app-words-changelog", int64, has(50));
  assert.deepEqual(rowsOf(logged), countsOf(50));
  const repartitioned = await scene.read("app-words-repartition");
  assert.equal(repartitioned.length, 450);
  const words = app.store<import("millrace").TimestampedKeyValueStore<string, number>>("words");
  assert.equal(words.get("the")?.value, 100);
  assert.equal(words.get("cat"), null);
  assert.deepEqual(
    [...words.all()].map(([word]) => word).sort(),
    countsOf(1).map(([word]) => word),
  );
  assert.equal(words.approximateNumEntries(), 8);
});

test("a clean close commits everything: the next run processes no record again", async () => {
  await using scene = await AppScene.start(topics);
  const first = await scene.run(wordCount(), { commitIntervalMs: 60_000 });
  await scene.write("lines", lines);
  await until(
    "all words are repartitioned",
    async () => (await scene.read("app-words-repartition")).length === 450,
  );
  await until("nothing waits", () => first.lag().every(({ lag }) => lag === 0));
  await first.close();
  assert.equal(first.state, "not-running");
  assert.equal(await scene.committed("lines"), 50);
  assert.equal(await scene.committed("app-words-repartition"), 450);
  const second = await scene.run(wordCount());
  await scene.write("lines", [["x", fox]]);
  const table = await scene.table("counts", int64, has(51));
  assert.deepEqual(rowsOf(table), countsOf(51));
  await second.close();
});

test("an instance without its local state restores it from the changelog", async () => {
  await using scene = await AppScene.start(topics);
  const first = await scene.run(wordCount());
  await scene.write("lines", lines);
  await scene.table("counts", int64, has(50));
  await first.close();
  rmSync(scene.stateDir(), { recursive: true });
  await scene.run(wordCount());
  await scene.write("lines", [["x", fox]]);
  const table = await scene.table("counts", int64, has(51));
  assert.deepEqual(rowsOf(table), countsOf(51));
});

test("cleanUp removes the local state of an instance that is closed", async () => {
  await using scene = await AppScene.start(topics);
  const app = await scene.run(wordCount());
  assert.throws(() => app.cleanUp(), { code: "INVALID_STATE" });
  await scene.write("lines", lines);
  await scene.table("counts", int64, has(50));
  await app.close();
  const tasks = () => readdirSync(join(scene.stateDir(), "app")).filter((name) => /^\d/.test(name));
  assert.notDeepEqual(tasks(), []);
  app.cleanUp();
  assert.deepEqual(tasks(), []);
  await scene.run(wordCount());
  await scene.write("lines", [["x", fox]]);
  const table = await scene.table("counts", int64, has(51));
  assert.deepEqual(rowsOf(table), countsOf(51));
});

test("two instances share the tasks, and one takes over what the other leaves", async () => {
  await using scene = await AppScene.start(topics);
  const one = await scene.run(wordCount(), { instance: "one" });
  await scene.write("lines", lines);
  const two = await scene.run(wordCount(), { instance: "two" });
  await until("both have tasks", () => one.lag().length === 2 && two.lag().length === 2);
  await scene.write("lines", lines);
  await scene.table("counts", int64, has(100));
  await one.close();
  await until("the other has all tasks", () => two.lag().length === 4);
  await scene.write("lines", lines);
  const table = await scene.table("counts", int64, has(150));
  assert.deepEqual(rowsOf(table), countsOf(150));
});

test("records of a repartition topic are deleted once they are processed", async () => {
  await using scene = await AppScene.start(topics);
  await scene.run(wordCount(), { repartitionPurgeIntervalMs: 0 });
  await scene.write("lines", lines);
  await scene.table("counts", int64, has(50));
  await until("records are deleted", async () => {
    await scene.write("lines", [["x", fox]]);
    return (await scene.read("app-words-repartition")).length < 450;
  });
});
