import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KafkaStreams, type StreamsConfig, type Topology } from "millrace";
import { Broker } from "millrace/broker";
import { Client, type Deserializer, type NewTopic, string } from "millrace/client";
import { readTopic } from "./topic-reader.ts";
import { until } from "./until.ts";

/** A record of a topic as tests look at it. */
export interface SeenRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  readonly partition: number;
  readonly timestamp: number;
}

/** A broker in memory, a client of it, and directories for the state of applications; all of it goes in the end. */
export class AppScene implements AsyncDisposable {
  readonly bootstrapServers: string;
  readonly client: Client;
  readonly broker: Broker;
  readonly #directory = mkdtempSync(join(tmpdir(), "millrace-app-"));
  readonly #apps: KafkaStreams[] = [];

  private constructor(broker: Broker) {
    this.broker = broker;
    this.bootstrapServers = `127.0.0.1:${broker.port()}`;
    this.client = new Client({ bootstrapServers: this.bootstrapServers });
  }

  /** Starts a broker with some topics. */
  static async start(topics: readonly NewTopic[]): Promise<AppScene> {
    const scene = new AppScene(await Broker.start({ port: 0 }));
    await scene.client.admin().topics.create(topics);
    return scene;
  }

  /** The state directory of an instance; the same for the same name. */
  stateDir(instance = "one"): string {
    return join(this.#directory, instance);
  }

  /** Makes an instance that commits often. */
  app(
    topology: Topology,
    config: Partial<StreamsConfig> & { readonly instance?: string } = {},
  ): KafkaStreams {
    const { instance, ...others } = config;
    const app = new KafkaStreams(topology, {
      applicationId: "app",
      bootstrapServers: this.bootstrapServers,
      stateDir: this.stateDir(instance),
      commitIntervalMs: 50,
      ...others,
      consumer: { heartbeatIntervalMs: 100, ...others.consumer },
      producer: { lingerMs: 5, ...others.producer },
    });
    this.#apps.push(app);
    return app;
  }

  /** Makes an instance, and waits until it runs. */
  async run(...args: Parameters<AppScene["app"]>): Promise<KafkaStreams> {
    const app = this.app(...args);
    await app.start();
    await app.untilRunning();
    return app;
  }

  /** Writes records of text, given by key and value, and waits until they are there. */
  async write(
    topic: string,
    records: Iterable<readonly [key: string | null, value: string | Buffer | null]>,
  ): Promise<void> {
    const producer = this.client.producer();
    for (const [key, value] of records) {
      await producer.enqueue({ topic, key, value });
    }
    await producer.flush();
    await producer.close();
  }

  /** All records of a topic that are there now, partition by partition. */
  async read<K = string, V = string>(
    topic: string,
    {
      key = string as Deserializer<unknown> as Deserializer<K>,
      value = string as Deserializer<unknown> as Deserializer<V>,
    }: { readonly key?: Deserializer<K>; readonly value?: Deserializer<V> } = {},
  ): Promise<SeenRecord<K, V>[]> {
    const records = await readTopic<K, V>(this.client, topic, { key, value });
    return records.map(({ key, value, partition, timestamp }) => {
      return { key, value, partition, timestamp };
    });
  }

  /** The last value of each key in a topic, once a condition holds for it; fails after a while. */
  async table<V>(
    topic: string,
    value: Deserializer<V>,
    isRight: (table: ReadonlyMap<string, V | null>) => boolean,
  ): Promise<Map<string, V | null>> {
    let table = new Map<string, V | null>();
    await until(`the table of ${topic} is right`, async () => {
      const records = await this.read(topic, { key: string, value });
      table = new Map(records.map((one) => [one.key as string, one.value]));
      return isRight(table);
    });
    return table;
  }

  /** How far the group of the application has committed a topic, over all partitions. */
  async committed(topic: string, applicationId = "app"): Promise<number> {
    const offsets = await this.client.admin().groupOffsets.list(applicationId);
    let sum = 0;
    for (const one of offsets) if (one.topic === topic) sum += one.offset;
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.close({ timeoutMs: 2_000 }).catch(() => {})));
    await this.client.close();
    await this.broker.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The rows of a table, sorted by key, to be compared. */
export function rowsOf<V>(table: ReadonlyMap<string, V>): [string, V][] {
  return [...table].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Asserts that an application has stopped with an error whose chain has this message. */
export async function assertStopped(app: KafkaStreams, message: RegExp): Promise<void> {
  await assert.rejects(app.untilStopped(), (error) => {
    const messages: string[] = [];
    for (let one: unknown = error; one instanceof Error; one = one.cause)
      messages.push(one.message);
    assert.match(messages.join(" <- "), message);
    return true;
  });
  assert.equal(app.state, "error");
}
