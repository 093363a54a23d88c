import assert from "node:assert/strict";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { test } from "node:test";
import { int64, lmdb, memoryEngine, StreamsBuilder, string } from "millrace";
import { writeInt64 } from "../../src/protocol/index.ts";
import { noHeaders } from "../../src/streams/message.ts";
import { type OpenTask, type Raw, RestoreScene, type SceneOptions } from "../restore-scene.ts";

const changelog = "app-counts-changelog";
const smallFetches: SceneOptions = {
  consumer: { maxPartitionFetchBytes: 4_000, fetchMaxBytes: 4_000, maxBufferedBytes: 1 },
};

test("an interrupted restoration goes on where it was", async () => {
  await using scene = await sceneWith(5_000, smallFetches);
  const controller = new AbortController();
  scene.onProgress = ({ restored }) => {
    if (restored >= 2_000) controller.abort(new Error("the task goes elsewhere"));
  };
  const first = await scene.open(counting, lmdb());
  const aborted = scene.restore(first, controller.signal);
  await assert.rejects(aborted, { code: "ABORTED" });
  const reached = first.states.offsets().get("counts") as number;
  assert.ok(reached >= 2_000 && reached < 5_000, `${reached}`);
  await first.close();
  assert.equal(scene.progress.at(-1)?.event, "suspended");

  const second = await scene.open(counting, lmdb());
  assert.equal(await scene.restore(second), "restored");
  const started = scene.progress.findLast(({ event }) => event === "started");
  assert.equal(started?.startOffset, reached);
  assert.equal(scene.progress.at(-1)?.event, "ended");
  assert.deepEqual(countsOf(second), expected(5_000));
  await second.close();
});

test("what was restored is not restored again", async () => {
  await using scene = await sceneWith(100);
  const first = await scene.open(counting, lmdb());
  await scene.restore(first);
  await first.close();
  await scene.produce(changelog, rows(100, 103));
  const second = await scene.open(counting, lmdb());
  await scene.restore(second);
  const ended = scene.progress.at(-1);
  assert.deepEqual([ended?.startOffset, ended?.endOffset, ended?.restored], [100, 103, 3]);
  assert.deepEqual(countsOf(second), expected(103));
  await second.close();
});

test("a restoration ends at the end that the changelog had when it began", async () => {
  await using scene = await sceneWith(3_000, smallFetches);
  let more: Promise<void> | undefined;
  scene.onProgress = ({ event }) => {
    if (event === "batch") more ??= scene.produce(changelog, rows(3_000, 3_500));
  };
  const task = await scene.open(counting);
  await scene.restore(task);
  await more;
  assert.deepEqual(countsOf(task), expected(3_000));
  assert.equal(task.states.offsets().get("counts"), 3_000);
  await task.close();
});

test("what a changelog has lost at its start is not missed by a store that has nothing", async () => {
  await using scene = await sceneWith(100);
  await deleteBefore(scene, 40);
  const task = await scene.open(counting);
  assert.equal(await scene.restore(task), "restored");
  assert.deepEqual(countsOf(task), expected(100).slice(40));
  await task.close();
});

test("a compacted changelog gives the last value of each key, and rows that were deleted stay away", async () => {
  await using scene = await RestoreScene.start({ configs: { "log.cleaner.backoff.ms": 20 } });
  const configs = { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0" };
  await scene.topic(changelog, { ...configs, "segment.ms": "1" });
  for (let round = 0; round < 20; round += 1) {
    // Segments roll by the times of their records, and only whole ones are compacted.
    const all = rows(0, 100).map((row) => {
      return { ...row, value: countOf(round), timestamp: round * 1_000 };
    });
    await scene.produce(changelog, all);
  }
  const deleted = rows(0, 100).filter((_row, index) => index % 3 === 0);
  await scene.produce(
    changelog,
    deleted.map((row) => ({ ...row, value: null, timestamp: 30_000 })),
  );
  await compacted(scene, 2_000);
  const task = await scene.open(counting, lmdb());
  assert.equal(await scene.restore(task), "restored");
  const left = expected(100).filter((_row, index) => index % 3 !== 0);
  assert.deepEqual(
    countsOf(task),
    left.map(([key]) => [key, 19]),
  );
  await task.close();
});

for (const [why, from] of [
  ["begins behind what a store has", 20],
  ["ends before what a store has", 5_000],
] as const) {
  test(`a changelog that ${why} is of another life than the store`, async () => {
    await using scene = await sceneWith(100);
    await deleteBefore(scene, 50);
    const task = await scene.open(counting, lmdb());
    task.states.commit(new Map([["counts", from]]));
    assert.equal(await scene.restore(task), "stale");
    await task.close();
  });
}

test("a changelog that loses what is to be read next makes a store start over", async () => {
  await using scene = await sceneWith(20_000, smallFetches);
  let deletion: Promise<void> | undefined;
  scene.onProgress = ({ event }) => {
    if (event === "batch") deletion ??= deleteBefore(scene, 19_999);
  };
  const task = await scene.open(counting, lmdb());
  assert.equal(await scene.restore(task), "stale");
  await deletion;
  await task.close();
  const again = await scene.open(counting, memoryEngine);
  assert.equal(await scene.restore(again), "restored");
  await again.close();
});

test("a table of a source topic is restored up to what the group has committed", async () => {
  await using scene = await RestoreScene.start();
  const builder = new StreamsBuilder();
  builder.table("in", { key: string, value: int64, store: "table" });
  const topology = builder.build({ optimization: "all" });
  await scene.topic("in");
  await scene.produce("in", rows(0, 10));
  const nothing = await scene.open(topology);
  assert.equal(nothing.changelogs[0]?.isSourceTopic, true);
  await scene.restore(nothing);
  assert.deepEqual(countsOf(nothing, "table"), []);
  const consumer = scene.client.consumer({ assignment: [], groupId: "app" });
  await consumer.commit([{ topic: "in", partition: 0, offset: 7 }]);
  const task = await scene.open(topology);
  await scene.restore(task);
  assert.deepEqual(countsOf(task, "table"), expected(7));
  assert.equal(task.states.offsets().get("table"), 7);
  await nothing.close();
  await task.close();
});

test("many tasks are restored side by side, those that need nothing at once", async () => {
  await using scene = await RestoreScene.start(smallFetches);
  const tasks: OpenTask[] = [];
  for (const [index, count] of [3_000, 0, 2_000].entries()) {
    const topology = countingInto(`counts${index}`);
    await scene.changelogs(topology);
    await scene.produce(`app-counts${index}-changelog`, rows(0, count));
    tasks.push(await scene.open(topology, lmdb(), `0_${index}`));
  }
  const finished: number[] = [];
  const restored = tasks.map(async (task, index) => {
    assert.equal(await scene.restore(task), "restored");
    finished.push(index);
  });
  await Promise.all(restored);
  assert.equal(finished[0], 1);
  const events = scene.progress.map(({ event }) => event);
  assert.ok(events.lastIndexOf("started") < events.indexOf("ended"), "side by side");
  assert.deepEqual(
    tasks.map((task, index) => countsOf(task, `counts${index}`).length),
    [3_000, 0, 2_000],
  );
  assert.equal(scene.restoration.remaining, 0);
  for (const task of tasks) await task.close();
});

test("the marks of transactions behind the last record do not keep a restoration waiting", async () => {
  await using scene = await sceneWith(0);
  const producer = scene.client.producer({ transactionalId: "t" });
  await producer.begin();
  for (const { key, value } of rows(0, 10)) {
    void producer.send({ topic: changelog, partition: 0, key, value });
  }
  await producer.commit();
  const task = await scene.open(counting);
  await scene.restore(task);
  assert.deepEqual(countsOf(task), expected(10));
  assert.equal(task.states.offsets().get("counts"), 11);
  await task.close();
});

test("records without keys are passed over", async () => {
  await using scene = await sceneWith(5);
  await scene.produce(changelog, [{ ...(rows(0, 1)[0] as Raw), key: null }]);
  const task = await scene.open(counting);
  await scene.restore(task);
  assert.deepEqual(countsOf(task), expected(5));
  await task.close();
});

test("a store that cannot take a record in ends its own restoration alone", async () => {
  await using scene = await sceneWith(2_000, smallFetches);
  const [bad, good] = [await scene.open(counting), await scene.open(countingInto("others"))];
  await scene.changelogs(countingInto("others"));
  await scene.produce("app-others-changelog", rows(0, 2_000));
  const [changelogToRestore] = bad.changelogs;
  assert.ok(changelogToRestore);
  const store = {
    ...changelogToRestore.store,
    restore: () => {
      throw new Error("no room");
    },
  };
  const failing = scene.restoration.restore({
    taskId: "0_7",
    changelogs: [{ ...changelogToRestore, store }],
  });
  const going = scene.restore(good);
  await assert.rejects(failing, /no room/);
  assert.equal(await going, "restored");
  assert.equal(countsOf(good, "others").length, 2_000);
  await bad.close();
  await good.close();
});

test("closing gives up what is being restored, and keeps how far it was", async () => {
  await using scene = await sceneWith(5_000, smallFetches);
  const task = await scene.open(counting, lmdb());
  const closed = Promise.withResolvers<void>();
  scene.onProgress = ({ event }) => {
    if (event === "batch") closed.resolve(scene.restoration.close());
  };
  await assert.rejects(scene.restore(task), { code: "CLOSED" });
  await closed.promise;
  const reached = task.states.offsets().get("counts") ?? 0;
  assert.ok(reached > 0 && reached < 5_000);
  await task.close();
});

test("a restoration gives the event loop its turn", async () => {
  const count = 200_000;
  await using scene = await sceneWith(count);
  const task = await scene.open(counting, lmdb());
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await scene.restore(task);
  delay.disable();
  assert.equal(task.states.offsets().get("counts"), count);
  const p90 = delay.percentile(90) / 1e6;
  assert.ok(p90 < 20, `every tenth turn had to wait for ${p90} ms`);
  await task.close();
});

const counting = countingInto("counts");

function countingInto(store: string) {
  const builder = new StreamsBuilder();
  builder.stream("in", { key: string, value: string }).groupByKey().count({ store });
  return builder.build();
}

async function sceneWith(count: number, options: SceneOptions = {}): Promise<RestoreScene> {
  const scene = await RestoreScene.start(options);
  await scene.topic(changelog);
  await scene.produce(changelog, rows(0, count));
  return scene;
}

/** Records of a changelog of counts, whose values are their numbers. */
function rows(from: number, to: number): Raw[] {
  return Array.from({ length: to - from }, (_, index) => ({
    key: Buffer.from(keyOf(from + index)),
    value: countOf(from + index),
    timestamp: from + index,
    headers: noHeaders,
  }));
}

function keyOf(index: number): string {
  return `key-${String(index).padStart(7, "0")}`;
}

function countOf(count: number): Buffer {
  const bytes = Buffer.alloc(8);
  writeInt64(bytes, count, 0);
  return bytes;
}

function expected(count: number): [string, number][] {
  return Array.from({ length: count }, (_, index) => [keyOf(index), index]);
}

function countsOf(task: OpenTask, name = "counts"): [string, number][] {
  const store = task.task.stores.get(name)?.store as unknown as {
    all(): Iterable<readonly [string, { readonly value: number }]>;
  };
  return [...store.all()].map(([key, { value }]) => [key, value]);
}

async function deleteBefore(scene: RestoreScene, beforeOffset: number): Promise<void> {
  await scene.client.admin().records.delete({ topic: changelog, partition: 0, beforeOffset });
}

/** Waits until the changelog has fewer records than it was given. */
async function compacted(scene: RestoreScene, written: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    await using consumer = scene.client.consumer({
      assignment: [{ topic: changelog, partition: 0 }],
      autoOffsetReset: "earliest",
    });
    let count = 0;
    for (const batch of await consumer.poll({ timeoutMs: 1_000 })) count += batch.records().length;
    if (count > 0 && count < written / 2) return;
  }
  assert.fail("the changelog was not compacted");
}
