import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Broker } from "../../src/broker/broker.ts";
import { Cluster } from "../../src/client/cluster.ts";
import { Client } from "../../src/client/index.ts";
import { silentLogger } from "../../src/log.ts";
import type { Random } from "../../src/random.ts";
import { type CrashKind, FaultyDisk } from "../faulty-disk.ts";
import { produce } from "../kafka/consumer-fixture.ts";
import { readTopic } from "../kafka/producer-fixture.ts";
import { clusterAt } from "../kafka/raw-cluster.ts";
import { seededNumbers } from "../log-fixture.ts";
import { MemoryNetwork } from "../memory-network.ts";
import { MortalHost } from "../mortal-host.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { checkAll, checkOrder, recordsOf, type Witnesses } from "./crash-check.ts";
import { SequenceWriter, TransactionWriter, type Worker } from "./crash-load.ts";

const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 1_000_000);
const port = 9092;
const partitions = 2;
const transactionTopics = ["debits", "credits"] as const;
const configs = {
  "offsets.topic.num.partitions": 2,
  "transaction.state.log.num.partitions": 2,
  "log.roll.ms": 5_000,
  "log.cleaner.backoff.ms": 1_000,
  "log.cleaner.min.cleanable.ratio": 0.01,
  "log.flush.offset.checkpoint.interval.ms": 2_000,
};

/** Chance that a seed decides. */
function seededRandom(next: () => number): Random {
  const below = (limit: number) => Math.floor(next() * limit);
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => below(256)));
  const uuid = () => {
    const hex = bytes(16).toString("hex");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
  return { float: next, below, bytes, uuid };
}

/** A broker whose disk fails, clients that outlive it, and what they were promised; all in virtual time. */
class World implements Witnesses {
  readonly random: () => number;
  readonly clock = new VirtualClock();
  readonly network = new MemoryNetwork();
  readonly writers: SequenceWriter[] = [];
  readonly tables: SequenceWriter[] = [];
  readonly transactions: TransactionWriter[] = [];
  readonly transactionTopics: readonly string[] = transactionTopics;
  readonly groups: Witnesses["groups"] = [];
  readonly client: Client;
  readonly cluster: Cluster;
  readonly chance: Random;
  #host: MortalHost;

  constructor(random: () => number) {
    this.random = random;
    this.chance = seededRandom(random);
    this.#host = this.#newHost(new FaultyDisk(random));
    const around = { clock: this.clock, network: this.network, random: this.chance };
    this.client = new Client({ bootstrapServers: `127.0.0.1:${port}`, host: around });
    const { settings } = clusterAt(`127.0.0.1:${port}`);
    this.cluster = new Cluster(settings, around, silentLogger);
  }

  static async begin(t: TestContext, worldSeed = seed): Promise<World> {
    t.diagnostic(`seed ${worldSeed}: MILLRACE_SEED=${seed} repeats all that chance decides`);
    const world = new World(seededNumbers(worldSeed));
    await world.start();
    const { client } = world;
    await client
      .admin()
      .topics.create([
        { name: "orders", numPartitions: partitions },
        { name: "latest", numPartitions: partitions, configs: { "cleanup.policy": "compact" } },
        ...transactionTopics.map((name) => ({ name, numPartitions: 1 })),
      ]);
    const lingerMs = 20;
    world.writers.push(
      new SequenceWriter(client, "left", { topic: "orders", partitions, lingerMs }),
    );
    world.tables.push(
      new SequenceWriter(client, "table", { topic: "latest", partitions, lingerMs }),
    );
    world.transactions.push(new TransactionWriter(client, "debtor", transactionTopics, lingerMs));
    return world;
  }

  get disk(): FaultyDisk {
    return this.#host.disk;
  }

  /** How many records and transactions were acknowledged so far. */
  get acknowledged(): number {
    const records = [...this.writers, ...this.tables].map((one) => one.acknowledged.size);
    const outcomes = this.transactions.flatMap((one) => one.outcomes);
    const ended = outcomes.filter((outcome) => outcome === "committed").length;
    return records.reduce((sum, one) => sum + one, ended);
  }

  async start(): Promise<void> {
    const listeners = [{ port }];
    await Broker.start({ host: this.#host, dataDir: "/data", listeners, configs });
  }

  /** Lets time pass; rejects when a worker gives up. */
  async pass(ms: number): Promise<void> {
    await Promise.race([this.clock.sleep(ms), this.#failure()]);
  }

  /** Resolves when the broker has died with its disk. */
  async untilDead(): Promise<void> {
    await Promise.race([this.#host.death, this.#failure()]);
  }

  /** Starts a broker on what the last one has left; some die again before they serve. */
  async startAgain(kind: CrashKind): Promise<void> {
    let left = this.disk.restart(kind);
    for (;;) {
      this.#host.end();
      this.#host = this.#newHost(left);
      if (this.random() < 0.5) left.crashIn(1 + Math.floor(this.random() * 100));
      try {
        await this.start();
      } catch (error) {
        if (!left.hasCrashed) throw error;
      }
      if (!left.hasCrashed) break;
      left = left.restart(kind);
    }
    left.crashIn(Number.POSITIVE_INFINITY);
  }

  /** Has everybody come to an end, and compares what they were promised with what is there. */
  async settle(): Promise<void> {
    await Promise.race([Promise.all(this.#workers.map((one) => one.stop())), this.#failure()]);
    await checkAll(this.client, this.cluster, this);
  }

  /** Ends everybody's work as it stands. */
  async abandon(): Promise<void> {
    for (const { done } of this.#workers) done.catch(() => {});
    await this.client.close().catch(() => {});
  }

  async close(): Promise<void> {
    this.#host.end();
    this.cluster.close();
    await this.abandon();
  }

  get #workers(): Worker[] {
    return [...this.writers, ...this.tables, ...this.transactions];
  }

  #failure(): Promise<never> {
    return new Promise((_, reject) => {
      for (const { done } of this.#workers) done.catch(reject);
    });
  }

  #newHost(disk: FaultyDisk): MortalHost {
    const { clock, network } = this;
    return new MortalHost({ clock, network, random: this.chance }, disk);
  }
}

test("a full disk refuses writes, serves reads, and loses nothing when there is room again", async (t) => {
  const world = await World.begin(t);
  t.after(() => world.close());
  for (let round = 0; round < 3; round += 1) {
    await world.pass(500);
    world.disk.freeBytes = Math.floor(world.random() * 20_000);
    await world.pass(2_000);
    const before = world.acknowledged;
    await world.pass(3_000);
    assert.equal(world.acknowledged, before, "a full disk has taken records");
    assert.ok((await readTopic(world.cluster, "orders")).length > 0);
    world.disk.freeBytes = Number.POSITIVE_INFINITY;
    await world.pass(2_000);
    assert.ok(world.acknowledged > before, "nothing is written though there is room again");
  }
  await world.settle();
});

test("operations of the disk that fail now and then lose nothing that was acknowledged", async (t) => {
  const world = await World.begin(t);
  t.after(() => world.close());
  for (let round = 0; round < 3; round += 1) {
    await world.pass(1_000);
    world.disk.errorRate = world.random() * 0.05;
    await world.pass(2_000);
    world.disk.errorRate = 0;
  }
  await world.settle();
});

test("a broker that dies in the midst of what it does to the disk loses nothing that was acknowledged", async (t) => {
  const world = await World.begin(t);
  t.after(() => world.close());
  for (let death = 0; death < 40; death += 1) {
    world.disk.crashIn(1 + Math.floor(world.random() * 300));
    await world.untilDead();
    await world.startAgain("kill");
  }
  await world.settle();
});

test("a loss of power leaves whole records in their order, and a broker that goes on", async (t) => {
  for (let loss = 0; loss < 8; loss += 1) {
    const world = await World.begin(t, seed + loss);
    t.after(() => world.close());
    world.disk.crashIn(1 + Math.floor(world.random() * 3_000));
    await world.untilDead();
    // What was acknowledged may be gone, and those who were told so would not understand.
    const abandoning = world.abandon();
    await world.startAgain("power loss");
    await abandoning;
    for (const writer of [...world.writers, ...world.tables]) {
      const before = await readTopic(world.cluster, writer.topic);
      checkOrder(writer.name, recordsOf(writer.name, before));
      const record = { key: "k", value: "last", timestamp: world.clock.now() };
      await produce(world.cluster, { topic: writer.topic, records: [record] });
      const after = await readTopic(world.cluster, writer.topic);
      assert.equal(after.length, before.length + 1);
    }
  }
});
