import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder, string } from "millrace";
import { AppScene } from "../app-scene.ts";
import { until } from "../until.ts";

const text = { key: string, value: string };
const commitIntervalMs = 60_000;

test("thousands of records share a commit: there is one an interval, and one at the end", async () => {
  await using scene = await AppScene.start([{ name: "in", numPartitions: 2 }]);
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey().count({ store: "counts", cache: false });
  const app = await scene.run(builder.build(), { commitIntervalMs });
  const records = Array.from({ length: 3_000 }, (_, index) => [`${index % 7}`, "v"] as const);
  await scene.write("in", records);
  await until("all are processed", () => app.metrics().thread?.processedRecords === 3_000);
  assert.equal(app.metrics().thread?.commits, 0);
  assert.equal(await scene.committed("in"), 0);
  await app.close();
  assert.equal(await scene.committed("in"), 3_000);
});

test("a commit comes early when too much of the state waits for it", async () => {
  await using scene = await AppScene.start([{ name: "in", numPartitions: 1 }]);
  const builder = new StreamsBuilder();
  builder.table("in", { ...text, store: "rows", cache: false });
  const app = await scene.run(builder.build({ optimization: "all" }), { commitIntervalMs });
  const value = "v".repeat(900_000);
  await scene.write(
    "in",
    Array.from({ length: 40 }, (_, index) => [`${index}`, value] as const),
  );
  await until("it is committed", () => (app.metrics().thread?.commits ?? 0) > 0);
});
