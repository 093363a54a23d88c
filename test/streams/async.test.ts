import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  type AsyncCall,
  KafkaStreams,
  memoryEngine,
  StreamsBuilder,
  type StreamsConfig,
  string,
} from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";
import { systemHost } from "../../src/host.ts";
import { AnsweringService } from "../answering-service.ts";
import { readTopic } from "../topic-reader.ts";
import { until } from "../until.ts";

const partitions = 2;
const inputTopic = "questions";
const outputTopic = "answers";

type Ask = (value: string, key: string, call: AsyncCall) => Promise<string>;

/** An application that asks about every record, and the broker that it runs on. */
class AskingScene {
  readonly broker: Broker;
  readonly client: Client;

  private constructor(broker: Broker) {
    this.broker = broker;
    this.client = new Client({ bootstrapServers: broker.bootstrapServers });
  }

  static async start(t: TestContext): Promise<AskingScene> {
    const scene = new AskingScene(await Broker.start({ port: 0 }));
    t.after(async () => {
      await scene.client.close();
      await scene.broker.close();
    });
    for (const name of [inputTopic, outputTopic]) {
      await scene.client.admin().topics.create({ name, numPartitions: partitions });
    }
    return scene;
  }

  async run(
    t: TestContext,
    ask: Ask,
    commitIntervalMs: number,
    config: Partial<StreamsConfig> = {},
  ): Promise<KafkaStreams> {
    const builder = new StreamsBuilder();
    builder
      .stream(inputTopic, { key: string, value: string })
      .mapValuesAsync(ask, { value: string, concurrency: 4 })
      .to(outputTopic);
    const app = new KafkaStreams(builder.build(), {
      applicationId: "asking",
      bootstrapServers: this.broker.bootstrapServers,
      commitIntervalMs,
      storeEngine: memoryEngine,
      producer: { lingerMs: 0 },
      ...config,
    });
    t.after(() => app.close());
    await app.start();
    await app.untilRunning();
    return app;
  }

  async write(records: readonly (readonly [key: string, value: string])[]): Promise<void> {
    await using producer = this.client.producer({ key: string, value: string });
    for (const [key, value] of records) producer.enqueue({ topic: inputTopic, key, value });
    await producer.flush();
  }

  /** How many records the group has committed. */
  async committed(): Promise<number> {
    const places = await this.client.admin().groupOffsets.list("asking");
    return [...places.values()].reduce((sum, { offset }) => sum + offset, 0);
  }

  /** All that came out, by key. */
  async answers(): Promise<Map<string, string[]>> {
    const records = await readTopic(this.client, outputTopic, { key: string, value: string });
    const found = Map.groupBy(records, ({ key }) => key ?? "");
    return new Map([...found].map(([key, all]) => [key, all.map(({ value }) => value ?? "")]));
  }
}

test("answers that take their time come out once each, in the order of their keys", async (t) => {
  const scene = await AskingScene.start(t);
  const keys = ["a", "b", "c", "d", "e"];
  const records = Array.from(
    { length: 400 },
    (_, number) => [keys[number % keys.length] as string, `${number}`] as const,
  );
  let open = 0;
  let mostOpen = 0;
  const ask: Ask = async (value) => {
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    await delay((Number(value) * 7) % 3);
    open -= 1;
    return `${value}!`;
  };
  await scene.write(records);
  const app = await scene.run(t, ask, 20);
  await until("all is committed", async () => (await scene.committed()) === records.length);
  await app.close();
  const expected = new Map(
    keys.map((one) => [
      one,
      records.filter(([key]) => key === one).map(([, value]) => `${value}!`),
    ]),
  );
  const answers = await scene.answers();
  for (const [key, values] of expected) assert.deepEqual(answers.get(key), values);
  assert.ok(mostOpen > 1 && mostOpen <= 4 * partitions);
});

test("answers that are there at once keep the thread at work", async (t) => {
  const scene = await AskingScene.start(t);
  const records = Array.from({ length: 2_000 }, (_, number) => [`${number}`, "?"] as const);
  await scene.write(records);
  await scene.run(t, async (value) => value, 50);
  // A thread that slept between two handfuls of calls would need far longer.
  const all = async () => (await scene.committed()) === records.length;
  await until("all is committed", all, 10_000);
});

test("a processing handler can go on without a record whose call failed", async (t) => {
  const scene = await AskingScene.start(t);
  const failed: string[] = [];
  const ask: Ask = async (value) => {
    if (value === "bad") throw new Error("no answer");
    return value;
  };
  await scene.write([
    ["a", "good"],
    ["a", "bad"],
    ["a", "better"],
  ]);
  await scene.run(t, ask, 20, {
    processingExceptionHandler: ({ node, message, record }) => {
      failed.push(`${node} ${message?.value} ${record?.topic}`);
      return "continue";
    },
  });
  await until("all is committed", async () => (await scene.committed()) === 3);
  assert.deepEqual(await scene.answers(), new Map([["a", ["good", "better"]]]));
  assert.deepEqual(failed, ["KSTREAM-MAPVALUES-ASYNC-0000000001 bad questions"]);
});

test("no offset is committed before the calls up to it are answered", async (t) => {
  const scene = await AskingScene.start(t);
  const service = new AnsweringService<string>();
  await scene.run(t, (value) => service.ask(value), 10);
  await scene.write([["a", "first"]]);
  await until("the call is made", () => service.open.length === 1);
  await delay(100);
  assert.equal(await scene.committed(), 0);
  await service.answer("first", "at last");
  await until("the record is committed", async () => (await scene.committed()) === 1);
  assert.deepEqual(await scene.answers(), new Map([["a", ["at last"]]]));
});

test("an application that is closed waits for its calls, and none is made again afterwards", async (t) => {
  const scene = await AskingScene.start(t);
  const service = new AnsweringService<string>();
  const app = await scene.run(t, (value) => service.ask(value), 60_000);
  await scene.write([
    ["a", "one"],
    ["b", "two"],
  ]);
  await until("both calls are made", () => service.open.length === 2);
  const closed = app.close();
  await service.answer("two", "2");
  await service.answer("one", "1");
  await closed;
  assert.equal(await scene.committed(), 2);
  assert.deepEqual(
    await scene.answers(),
    new Map([
      ["a", ["1"]],
      ["b", ["2"]],
    ]),
  );
});

test("an application that may not wait any longer aborts its calls, and does not commit their records", async (t) => {
  const scene = await AskingScene.start(t);
  const signals: AbortSignal[] = [];
  const ask: Ask = (_value, _key, { signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  };
  const app = await scene.run(t, ask, 60_000);
  await scene.write([["a", "one"]]);
  await until("the call is made", () => signals.length === 1);
  await app.close({ timeoutMs: 50 });
  assert.equal(signals[0]?.reason.code, "CLOSED");
  assert.equal(await scene.committed(), 0);
});

test("a record whose call was not answered before the end is called for again with its idempotency key", async (t) => {
  const scene = await AskingScene.start(t);
  const keys: string[] = [];
  const failing = await scene.run(
    t,
    async (_value, _key, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      throw new Error("the service is down");
    },
    10,
  );
  await scene.write([["a", "one"]]);
  await assert.rejects(failing.untilStopped(), {
    code: "PROCESSING_FAILED",
    message: /the service is down/,
  });
  await failing.close();
  assert.equal(await scene.committed(), 0);
  await scene.run(
    t,
    async (_value, _key, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      return "up again";
    },
    10,
  );
  await until("the record is committed", async () => (await scene.committed()) === 1);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
});

test("calls that can outlast what a rebalance waits for are refused when the application is made", () => {
  const builder = new StreamsBuilder();
  builder
    .stream(inputTopic, { key: string, value: string })
    .foreachAsync(async () => {}, { timeoutMs: 60_000, retries: 5 });
  const topology = builder.build();
  const config = { applicationId: "asking", bootstrapServers: "localhost:9092" };
  assert.throws(() => new KafkaStreams(topology, config), {
    code: "INVALID_TOPOLOGY",
    message: /consumer.rebalanceTimeoutMs is 300000 ms/,
  });
});

test("closing waits no longer than it may for calls that hold up the handover of a task", async (t) => {
  const scene = await AskingScene.start(t);
  let asked = 0;
  const ask: Ask = () => {
    asked += 1;
    return new Promise(() => {});
  };
  const config = { consumer: { heartbeatIntervalMs: 100 } };
  await scene.write(Array.from({ length: 20 }, (_, number) => [`${number}`, "?"] as const));
  const app = await scene.run(t, ask, 60_000, config);
  await until("both tasks wait for answers", () => asked === 4 * partitions);
  const other = scene.run(t, ask, 60_000, config);
  await until("a task is to be given up", () => app.state === "rebalancing");
  const start = performance.now();
  await app.close({ timeoutMs: 300 });
  assert.ok(performance.now() - start < 5_000);
  await (await other).close({ timeoutMs: 100 });
});

test("a commit that a rebalance got in the way of is made soon after it, however long the interval", async (t) => {
  const scene = await AskingScene.start(t);
  const hourMs = 3_600_000;
  let skippedMs = 0;
  const { clock } = systemHost;
  const skipping = { ...clock, elapsed: () => clock.elapsed() + skippedMs };
  const answer = Promise.withResolvers<string>();
  let asked = 0;
  const ask: Ask = () => {
    asked += 1;
    return answer.promise;
  };
  const consumer = { heartbeatIntervalMs: 100 };
  await scene.write(Array.from({ length: 8 }, (_, number) => [`${number}`, "?"] as const));
  const app = await scene.run(t, ask, hourMs, {
    consumer,
    host: { ...systemHost, clock: skipping },
  });
  await until("calls are under way", () => asked > 1);
  skippedMs = hourMs;
  const other = scene.run(t, ask, hourMs, { consumer });
  await until("the commit is put off", () => app.metrics().thread?.postponedCommits === 1);
  answer.resolve("!");
  const tasks = () => app.metrics().thread?.tasks.map(({ taskId }) => taskId) ?? [];
  await until("the other instance has a task", () => tasks().length === 1);
  await until("the task that is left is committed", async () => {
    const places = await scene.client.admin().groupOffsets.list("asking");
    return places.some(({ partition, offset }) => tasks().includes(`0_${partition}`) && offset > 0);
  });
  await (await other).close();
  await app.close();
});
