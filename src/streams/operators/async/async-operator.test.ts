import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { AnsweringService } from "../../../../test/answering-service.ts";
import type { AsyncOptions } from "../../async-options.ts";
import { StreamsBuilder } from "../../dsl/streams-builder.ts";
import { noHeaders } from "../../message.ts";
import type { DroppedRecord } from "../../runtime/task-options.ts";
import { json, string } from "../../serdes.ts";
import { keyValueStore } from "../../stores/key-value-builders.ts";
import type { KeyValueStore } from "../../stores/state-store.ts";
import { TopologyTestDriver } from "../../testing/topology-test-driver.ts";
import { Topology } from "../../topology.ts";

type Options = AsyncOptions<string, string, string>;

/** A stream whose values are asked of a service, in a test driver. */
class LookupScene implements Disposable {
  readonly service = new AnsweringService<string>();
  readonly dropped: DroppedRecord[] = [];
  readonly driver: TopologyTestDriver;

  constructor(options: Options = {}) {
    const builder = new StreamsBuilder();
    builder
      .stream("in", { key: string, value: string })
      .mapValuesAsync((value) => this.service.ask(value), { ...options, value: string })
      .to("out");
    const onDropped = (record: DroppedRecord) => void this.dropped.push(record);
    this.driver = new TopologyTestDriver(builder.build(), { onDropped });
  }

  /** Puts values in, as `key=value`. */
  pipe(...records: readonly string[]): void {
    const input = this.driver.createInputTopic("in", { key: string, value: string });
    for (const record of records) {
      const [key = "", value = ""] = record.split("=");
      input.pipe(key === "" ? null : key, value);
    }
  }

  /** Answers with the question in capitals, and takes the answer in. */
  async answer(...values: readonly string[]): Promise<void> {
    for (const value of values) await this.service.answer(value, value.toUpperCase());
    this.driver.advanceWallClockTime(0);
  }

  out(): (string | null)[] {
    return this.driver.createOutputTopic("out", { key: string, value: string }).readValues();
  }

  [Symbol.dispose](): void {
    this.driver.close();
  }
}

test("results of one key go on in the order of their records, whatever other keys do", async () => {
  using scene = new LookupScene();
  scene.pipe("a=a1", "a=a2", "b=b1");
  assert.deepEqual(scene.service.open, ["a1", "b1"]);
  await scene.answer("b1");
  assert.deepEqual(scene.out(), ["B1"]);
  await scene.answer("a1");
  assert.deepEqual(scene.service.open, ["a2"]);
  await scene.answer("a2");
  assert.deepEqual(scene.out(), ["A1", "A2"]);
});

test("in the order of the partition, keys are asked for at the same time and results keep their order", async () => {
  using scene = new LookupScene({ order: "partition" });
  scene.pipe("a=a1", "b=b1", "c=c1");
  assert.deepEqual(scene.service.open, ["a1", "b1", "c1"]);
  await scene.answer("c1", "b1");
  assert.deepEqual(scene.out(), []);
  await scene.answer("a1");
  assert.deepEqual(scene.out(), ["A1", "B1", "C1"]);
});

test("in no order, results of one key go on as they come", async () => {
  using scene = new LookupScene({ order: "none" });
  scene.pipe("a=a1", "a=a2");
  await scene.answer("a2", "a1");
  assert.deepEqual(scene.out(), ["A2", "A1"]);
});

test("records with null keys are not kept in order", () => {
  using scene = new LookupScene();
  scene.pipe("=one", "=two");
  assert.deepEqual(scene.service.open, ["one", "two"]);
});

test("when as many calls are under way as may be, records wait until one is answered", async () => {
  using scene = new LookupScene({ concurrency: 2 });
  scene.pipe("a=1", "b=2", "c=3", "d=4");
  assert.deepEqual(scene.service.asked, ["1", "2"]);
  await scene.answer("2");
  assert.deepEqual(scene.service.asked, ["1", "2", "3"]);
  await scene.answer("1", "3");
  await scene.answer("4");
  assert.deepEqual(scene.out(), ["2", "1", "3", "4"]);
  assert.equal(scene.service.mostOpen, 2);
});

test("settling waits for all that is under way and all that waits behind it", async () => {
  using scene = new LookupScene({ concurrency: 1 });
  scene.pipe("a=a1", "b=b1", "a=a2");
  const settled = scene.driver.settle();
  for (const value of ["a1", "b1", "a2"]) await scene.service.answer(value, value);
  await settled;
  assert.deepEqual(scene.out(), ["a1", "b1", "a2"]);
});

test("a call that fails stops the task, with the node, the record and the error", async () => {
  using scene = new LookupScene();
  scene.pipe("a=a1", "b=b1");
  const rejected = assert.rejects(scene.driver.settle(), {
    code: "PROCESSING_FAILED",
    message: /KSTREAM-MAPVALUES-ASYNC-0000000001 of task 0_0 .* in-0 at offset 1: no such customer/,
    cause: new Error("no such customer"),
  });
  await scene.service.fail("b1", new Error("no such customer"));
  await rejected;
});

test("a record whose call failed is dropped and reported where the handler says so", async () => {
  using scene = new LookupScene({ onError: () => "drop" });
  scene.pipe("a=a1", "a=a2");
  await scene.service.fail("a1", new Error("gone"));
  scene.driver.advanceWallClockTime(0);
  await scene.answer("a2");
  assert.deepEqual(scene.out(), ["A2"]);
  const [dropped] = scene.dropped;
  assert.equal(dropped?.node, "KSTREAM-MAPVALUES-ASYNC-0000000001");
  assert.deepEqual(dropped?.record, { topic: "in", partition: 0, offset: 0 });
  assert.deepEqual(dropped?.reason, { why: "failed-call" });
});

test("another value takes the place of the result where the handler gives one", async () => {
  using scene = new LookupScene({ onError: (error) => ({ value: (error as Error).message }) });
  scene.pipe("a=a1");
  await scene.service.fail("a1", new Error("unknown"));
  await scene.driver.settle();
  assert.deepEqual(scene.out(), ["unknown"]);
});

test("calls time out by the driver's clock, and tries follow one another without waiting", async () => {
  using scene = new LookupScene({ timeoutMs: 1_000, retries: 1 });
  scene.pipe("a=a1");
  scene.driver.advanceWallClockTime(1_000);
  await setImmediate();
  assert.deepEqual(scene.service.asked, ["a1", "a1"]);
  await scene.service.answer("a1", "too late");
  await scene.service.answer("a1", "in time");
  await scene.driver.settle();
  assert.deepEqual(scene.out(), ["in time"]);
});

test("a driver that is closed aborts what is under way, and who waits for it hears so", async () => {
  const signals: AbortSignal[] = [];
  const builder = new StreamsBuilder();
  builder.stream("in", { key: string, value: string }).foreachAsync((_value, _key, { signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  const driver = new TopologyTestDriver(builder.build());
  driver.createInputTopic("in", { key: string, value: string }).pipe("a", "1");
  const settled = driver.settle();
  driver.close();
  await assert.rejects(settled, { code: "CLOSED" });
  assert.equal(signals[0]?.reason.code, "CLOSED");
});

test("a result goes on under the timestamp, the headers and the place of its own record", async () => {
  const service = new AnsweringService<string>();
  const seen: unknown[] = [];
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string, value: string })
    .mapValuesAsync((value) => service.ask(value))
    .process(() => {
      let place: () => unknown = () => undefined;
      return {
        init(context) {
          place = () => context.recordMetadata();
        },
        process: ({ value, timestamp, headers }) =>
          void seen.push([value, timestamp, headers.length, place()]),
      };
    });
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("in", { key: string, value: string });
  const headers = [{ key: "h", value: Buffer.from("1") }];
  input.pipeRecord({ key: "a", value: "one", timestamp: 5, headers });
  input.pipeRecord({ key: "b", value: "two", timestamp: 9 });
  await service.answer("two", "2");
  await service.answer("one", "1");
  await driver.settle();
  assert.deepEqual(seen, [
    ["2", 9, 0, { topic: "in", partition: 0, offset: 1 }],
    ["1", 5, 1, { topic: "in", partition: 0, offset: 0 }],
  ]);
});

test("an answer without a promise goes on within its record, past calls that are under way", () => {
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string, value: string })
    .mapValuesAsync((value) => (value === "known" ? "at once" : new Promise<string>(() => {})))
    .to("out", { value: string });
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("in", { key: string, value: string });
  input.pipe("a", "unknown");
  input.pipe("b", "known");
  const out = driver.createOutputTopic("out", { key: string, value: string });
  assert.deepEqual(out.readValues(), ["at once"]);
});

test("filterAsync, flatMapValuesAsync and foreachAsync do what their synchronous namesakes do", async () => {
  const acted: string[] = [];
  const builder = new StreamsBuilder();
  const words = builder.stream("in", { key: string, value: string });
  words.filterAsync(async (value) => value.length > 3).to("long");
  words.flatMapValuesAsync(async (value) => value.split("")).to("letters", { value: string });
  words.foreachAsync(async (value, key) => {
    acted.push(`${key}=${value}`);
  });
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("in", { key: string, value: string });
  input.pipe("a", "word");
  input.pipe("b", "ab");
  await driver.settle();
  const read = (topic: string) =>
    driver.createOutputTopic(topic, { key: string, value: string }).readValues();
  assert.deepEqual(read("long"), ["word"]);
  assert.deepEqual(read("letters"), ["w", "o", "r", "d", "a", "b"]);
  assert.deepEqual(acted, ["a=word", "b=ab"]);
});

test("keys that are objects are kept in order by their bytes", async () => {
  const service = new AnsweringService<string>();
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: json<{ id: number }>(), value: string })
    .foreachAsync((value) => service.ask(value));
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("in", { key: json<{ id: number }>(), value: string });
  input.pipe({ id: 1 }, "one");
  input.pipe({ id: 1 }, "two");
  input.pipe({ id: 2 }, "three");
  assert.deepEqual(service.open, ["one", "three"]);
});

test("keys that are objects of which nothing says how they become bytes are refused", () => {
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string, value: string })
    .selectKey((value) => ({ value }))
    .foreachAsync(async () => {});
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("in", { key: string, value: string });
  assert.throws(
    () => input.pipe("a", "1"),
    ({ cause }) => cause.code === "MISSING_SERDE" && /option "key"/.test(cause.message),
  );
});

test("calls of one record have idempotency keys of their own, the same each time it is processed", async () => {
  const keysOf = async () => {
    const keys: string[] = [];
    const builder = new StreamsBuilder();
    const note = async (value: string, _key: unknown, call: { idempotencyKey: string }) => {
      keys.push(call.idempotencyKey);
      return value;
    };
    builder
      .stream("in", { key: string, value: string })
      .flatMap((value, key) => [
        [key, value],
        [`${key}!`, value],
        [key, value],
      ])
      .mapValuesAsync(note, { name: "first" })
      .mapValuesAsync(note, { name: "second" });
    using driver = new TopologyTestDriver(builder.build());
    const input = driver.createInputTopic("in", { key: string, value: string });
    input.pipe("a", "1");
    input.pipe("a", "1");
    await driver.settle();
    return keys;
  };
  const keys = await keysOf();
  assert.equal(keys.length, 12);
  assert.equal(new Set(keys).size, 12);
  assert.deepEqual(await keysOf(), keys);
});

test("an async processor of the Processor API reads its store when it asks and writes it when it is answered", async () => {
  const topology = new Topology()
    .addSource("source", "in", { key: string, value: string })
    .addAsyncProcessor<string, string, string, never, never>(
      "remember",
      () => {
        let seen: KeyValueStore<string, string>;
        return {
          init(context) {
            seen = context.store("seen");
          },
          request: async ({ key, value }) => `${seen.get(key) ?? ""}${value}`,
          process: ({ key }, all) => seen.put(key, all),
        };
      },
      { parents: ["source"], stores: [keyValueStore("seen", { key: string, value: string })] },
    );
  using driver = new TopologyTestDriver(topology);
  const input = driver.createInputTopic("in", { key: string, value: string });
  for (const value of ["a", "b", "c"]) input.pipe("k", value);
  await driver.settle();
  assert.equal(driver.store<KeyValueStore<string, string>>("seen")?.get("k"), "abc");
});

test("an async processor goes on with its result between records, with its stores", async () => {
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string, value: string })
    .processAsync<number, string, string>(
      () => {
        let emit: (key: string, value: string, timestamp: number) => void = () => {};
        let total = 0;
        return {
          init(context) {
            emit = (key, value, timestamp) =>
              context.forward({ key, value, timestamp, headers: noHeaders });
          },
          request: async ({ value }, { attempt }) => value.length + attempt,
          process({ key, timestamp }, result) {
            total += result;
            emit(`${key}!`, `${total}`, timestamp);
          },
        };
      },
      { key: string, value: string },
    )
    .to("out");
  using driver = new TopologyTestDriver(builder.build());
  const input = driver.createInputTopic("in", { key: string, value: string });
  input.pipe("a", "abc", 3);
  input.pipe("b", "abcd", 4);
  await driver.settle();
  const out = driver.createOutputTopic("out", { key: string, value: string });
  assert.deepEqual(
    out.readRecords().map(({ key, value, timestamp }) => [key, value, timestamp]),
    [
      ["a!", "4", 3],
      ["b!", "9", 4],
    ],
  );
});
