import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  ApiVersions,
  CreateTopics,
  Fetch,
  Produce,
  RecordBatchBuilder,
} from "../../src/protocol/index.ts";
import { BrokerProcess } from "../broker-process.ts";
import { RawClient } from "../raw-client.ts";

const mebibyte = 1024 * 1024;
/** What all requests that are still arriving may hold together. */
const arrivingBytes = 32 * mebibyte;
/** The broker's own bound on answers that clients have not read, which is no setting. */
const leavingBytes = 256 * mebibyte;
/** What the broker needs for itself, and what is garbage for a while. */
const ownBytes = 256 * mebibyte;
/**
 * What a well-behaved client may wait for an answer at most while others misbehave: the broker takes
 * memory back from those who have not moved for two seconds.
 */
const patienceMs = 5_000;

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A broker, a well-behaved client that goes on working, and a crowd that does not behave. */
class Siege {
  readonly broker: BrokerProcess;
  readonly crowd: RawClient[] = [];
  readonly #client: RawClient;
  #isOver = false;
  #working: Promise<number> = Promise.resolve(0);

  private constructor(broker: BrokerProcess, client: RawClient) {
    this.broker = broker;
    this.#client = client;
  }

  static async begin(t: TestContext): Promise<Siege> {
    const configs = { "queued.max.request.bytes": arrivingBytes };
    const broker = await BrokerProcess.start({ port: 0, configs });
    const siege = new Siege(broker, await RawClient.connect(broker.bootstrapServers, 60_000));
    t.after(async () => {
      siege.#isOver = true;
      siege.#client.close();
      for (const one of siege.crowd) one.close();
      await broker.kill();
    });
    const topic = { name: "orders", numPartitions: 1, replicationFactor: 1 };
    const topics = [{ ...topic, assignments: [], configs: [] }];
    await siege.#client.request(CreateTopics, 7, { topics, timeoutMs: 10_000 });
    return siege;
  }

  /** Appends a batch of so many bytes. */
  async append(size: number): Promise<void> {
    const builder = new RecordBatchBuilder({ capacity: size + 1024 });
    builder.append(Date.now(), null, Buffer.alloc(size, "x"));
    const partitionData = [{ index: 0, records: builder.finish() }];
    const body = { acks: -1, timeoutMs: 10_000, topicData: [{ name: "orders", partitionData }] };
    const { responses } = await this.#client.request(Produce, 9, body);
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 0);
  }

  /** Has others come. */
  async gather(count: number): Promise<void> {
    const { bootstrapServers } = this.broker;
    const coming = Array.from({ length: count }, () => RawClient.connect(bootstrapServers, 60_000));
    this.crowd.push(...(await Promise.all(coming)));
  }

  /** Has the well-behaved client write and read again and again. */
  work(): void {
    this.#working = this.#work();
  }

  /** Ends the work; gives how long the slowest answer took. */
  async worst(): Promise<number> {
    this.#isOver = true;
    return this.#working;
  }

  async #work(): Promise<number> {
    let worstMs = 0;
    for (let offset = 0; !this.#isOver; offset += 1) {
      const startedAt = performance.now();
      await this.append(1_000);
      const { responses } = await this.#client.request(Fetch, 11, fetchBody(offset, 2_000));
      assert.ok((responses[0]?.partitions[0]?.records?.length ?? 0) > 0);
      worstMs = Math.max(worstMs, performance.now() - startedAt);
    }
    return worstMs;
  }
}

function fetchBody(fetchOffset: number, maxBytes: number) {
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: maxBytes }];
  const topics = [{ topic: "orders", partitions }];
  return { maxWaitMs: 100, minBytes: 1, maxBytes, isolationLevel: 0, topics };
}

async function expectBounded(t: TestContext, siege: Siege, mostBytes: number): Promise<void> {
  const { peak } = await siege.broker.memory();
  const worstMs = await siege.worst();
  t.diagnostic(
    `at most ${Math.round(peak / mebibyte)} MiB; the slowest answer took ${Math.round(worstMs)} ms`,
  );
  assert.ok(peak < mostBytes, `the broker held ${peak} bytes`);
  assert.ok(worstMs < patienceMs, `an answer took ${worstMs} ms`);
}

test("clients that say nothing, or a byte at a time, cost next to nothing", async (t) => {
  const siege = await Siege.begin(t);
  siege.work();
  await siege.gather(500);
  for (let round = 0; round < 20; round += 1) {
    for (const [index, one] of siege.crowd.entries()) if (index % 2 === 0) one.write(Buffer.of(0));
    await delay(20);
  }
  await expectBounded(t, siege, ownBytes);
});

test("clients that send half a request and no more are held to the bound on requests", async (t) => {
  const siege = await Siege.begin(t);
  siege.work();
  await siege.gather(200);
  const half = Buffer.alloc(mebibyte / 2);
  for (const one of siege.crowd) {
    one.write(int32(mebibyte));
    one.write(half);
  }
  await delay(1_500);
  await expectBounded(t, siege, ownBytes + arrivingBytes);
});

test("clients that announce the largest request there may be are held to it as well", async (t) => {
  const siege = await Siege.begin(t);
  siege.work();
  await siege.gather(200);
  for (const one of siege.crowd) one.write(int32(100 * mebibyte));
  await delay(1_500);
  await expectBounded(t, siege, ownBytes + arrivingBytes);
});

test("clients that never read what they ask for are held to the bound on answers", async (t) => {
  const siege = await Siege.begin(t);
  for (let count = 0; count < 64; count += 1) await siege.append(900_000);
  siege.work();
  await siege.gather(200);
  for (const one of siege.crowd) {
    one.pause();
    for (let count = 0; count < 20; count += 1) one.send(Fetch, 11, fetchBody(0, 64 * mebibyte));
  }
  await delay(1_500);
  await expectBounded(t, siege, ownBytes + leavingBytes);
});

test("clients that come and go without end let others in", async (t) => {
  const siege = await Siege.begin(t);
  siege.work();
  const until = performance.now() + 1_500;
  while (performance.now() < until) {
    await siege.gather(50);
    for (const one of siege.crowd.splice(0)) {
      one.write(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
      one.close();
    }
  }
  const late = await RawClient.connect(siege.broker.bootstrapServers);
  const software = { clientSoftwareName: "late", clientSoftwareVersion: "1" };
  assert.equal((await late.request(ApiVersions, 3, software)).errorCode, 0);
  late.close();
  await expectBounded(t, siege, ownBytes);
});
