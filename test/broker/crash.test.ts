import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "../../src/client/index.ts";
import { reservePorts } from "../../tools/kafka/ports.ts";
import { BrokerProcess, type PlainBrokerOptions } from "../broker-process.ts";
import { clusterAt } from "../kafka/raw-cluster.ts";
import { seededNumbers } from "../log-fixture.ts";
import { until } from "../until.ts";
import { checkAll, checkOffsets, type Witnesses } from "./crash-check.ts";
import {
  GroupBooks,
  GroupReader,
  SequenceWriter,
  TransactionWriter,
  type Worker,
} from "./crash-load.ts";

/** How often the broker is killed: `MILLRACE_CRASH_ROUNDS`, ten by default. */
const rounds = Number(process.env.MILLRACE_CRASH_ROUNDS ?? 10);
const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 1_000_000);
const partitions = 3;
const transactionTopics = ["debits", "credits"] as const;
/** Short segments and eager compaction, so that both are under way when the broker dies. */
const configs = {
  "offsets.topic.num.partitions": 4,
  "transaction.state.log.num.partitions": 4,
  "log.roll.ms": 300,
  "log.cleaner.backoff.ms": 100,
  "log.cleaner.min.cleanable.ratio": 0.01,
  "log.retention.check.interval.ms": 200,
  "log.segment.delete.delay.ms": 100,
  "log.flush.offset.checkpoint.interval.ms": 500,
};

test(`a broker that is killed ${rounds} times under load keeps what it has acknowledged`, {
  timeout: 60_000 + rounds * 5_000,
}, async (t) => {
  t.diagnostic(`seed ${seed}: MILLRACE_SEED=${seed} repeats its choices`);
  const random = seededNumbers(seed);
  const directory = await mkdtemp(join(tmpdir(), "millrace-crash-"));
  const ports = await reservePorts();
  const options = { dataDir: directory, port: ports.base, configs };
  let broker = await BrokerProcess.start(options);
  const { bootstrapServers } = broker;
  const client = new Client({ bootstrapServers });
  const cluster = clusterAt(bootstrapServers);
  try {
    const scene = await Scene.begin(client);
    for (let round = 0; round < rounds; round += 1) {
      await Promise.race([delay(50 + random() * 500), scene.failed]);
      await broker.kill();
      if (random() < 0.3) await dieWhileStarting(options, random() * 250);
      broker = await BrokerProcess.start(options);
      await checkOffsets(client, scene.groups);
    }
    await Promise.race([scene.stop(), scene.failed]);
    t.diagnostic(scene.summary);
    await checkAll(client, cluster, scene);
    await broker.stop();
    broker = await BrokerProcess.start(options);
    await checkAll(client, cluster, scene);
  } finally {
    cluster.close();
    await broker.kill();
    // What could not be sent any more would only hide what went wrong.
    await client.close().catch(() => {});
    await ports.release();
    await rm(directory, { recursive: true, force: true });
  }
});

/** Kills a broker before it is done with its recovery, or soon after. */
async function dieWhileStarting(options: PlainBrokerOptions, afterMs: number): Promise<void> {
  const broker = await BrokerProcess.start(options, { killAfterMs: afterMs }).catch(
    () => undefined,
  );
  await broker?.kill();
}

/** All who work with the broker, and what they know. */
class Scene implements Witnesses {
  readonly writers: SequenceWriter[];
  readonly tables: SequenceWriter[];
  readonly transactions: TransactionWriter[];
  readonly groups: GroupBooks[];
  readonly transactionTopics: readonly string[] = transactionTopics;
  readonly #readers: GroupReader[];
  /** Rejects when a worker gives up. */
  readonly failed: Promise<never>;

  private constructor(client: Client) {
    this.writers = ["left", "right"].map(
      (name) => new SequenceWriter(client, name, { topic: "orders", partitions }),
    );
    this.tables = [new SequenceWriter(client, "table", { topic: "latest", partitions })];
    this.transactions = ["debtor", "creditor"].map(
      (name) => new TransactionWriter(client, name, transactionTopics),
    );
    this.groups = ["classic", "consumer"].map((groupId) => new GroupBooks(groupId, ["orders"]));
    this.#readers = this.groups.flatMap((books) =>
      [1, 2].map(() => new GroupReader(client, books, books.groupId as "classic" | "consumer")),
    );
    this.failed = new Promise((_, reject) => {
      for (const worker of this.#workers) worker.done.catch(reject);
    });
    this.failed.catch(() => {});
  }

  static async begin(client: Client): Promise<Scene> {
    await client
      .admin()
      .topics.create([
        { name: "orders", numPartitions: partitions },
        { name: "latest", numPartitions: partitions, configs: { "cleanup.policy": "compact" } },
        ...transactionTopics.map((name) => ({ name, numPartitions: 2 })),
      ]);
    return new Scene(client);
  }

  get summary(): string {
    const records = [...this.writers, ...this.tables].map(({ acknowledged }) => acknowledged.size);
    const ends = this.transactions.flatMap(({ outcomes }) => outcomes);
    const count = (outcome: string) => ends.filter((one) => one === outcome).length;
    return `${records.join(" + ")} records, ${count("committed")} transactions committed, ${count("aborted")} aborted, ${count("unknown")} unknown`;
  }

  get #workers(): Worker[] {
    return [...this.writers, ...this.tables, ...this.transactions, ...this.#readers];
  }

  async stop(): Promise<void> {
    const writers = [...this.writers, ...this.tables, ...this.transactions];
    await Promise.all(writers.map((worker) => worker.stop()));
    const written = this.writers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
    for (const books of this.groups) await untilRead(books, written);
    await Promise.all(this.#readers.map((reader) => reader.stop()));
  }
}

/** Waits until a group has read everything; fails where it reads nothing more. */
async function untilRead({ groupId, values, offsets }: GroupBooks, count: number): Promise<void> {
  while (values.size < count) {
    const { size } = values;
    const committed = JSON.stringify(Object.fromEntries(offsets));
    const what = `more than ${size} of ${count} records in group ${groupId}, at ${committed},`;
    await until(what, () => values.size > size);
  }
}
