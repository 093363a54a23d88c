import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KafkaStreams, type StreamsConfig } from "millrace";
import { Client, valuesOrThrow } from "millrace/client";
import { startKafka } from "../../tools/kafka/kafka.ts";
import type { KafkaCluster } from "../../tools/kafka/kafka-cluster.ts";
import type { CaseOperator } from "../parity/case.ts";
import { CaseTopology } from "../parity/case-topology.ts";
import { caughtUp, readTopic } from "../topic-reader.ts";
import { JvmApplications } from "./jvm-applications.ts";

/** A record that an application is to read. */
export interface InputRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

/** A record as it is on the broker: bytes in hex. */
export interface RawRecord {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

/** How an application of a scene runs, for both engines. */
export interface PeerSettings {
  readonly applicationId: string;
  readonly cacheBytes?: number;
  readonly optimization?: string;
  /** The JVM's group protocol; classic by default. */
  readonly protocol?: "streams";
  /** What the JVM promises; at least once by default. */
  readonly guarantee?: "exactly_once_v2";
}

/** Far longer than a test takes. */
const neverMs = 3_600_000;

/** Apache Kafka, and applications beside each other on it: the JVM's, and ours. */
export class PeerScene {
  readonly kafka: KafkaCluster;
  readonly jvm: JvmApplications;
  readonly client: Client;
  readonly #directory = mkdtempSync(join(tmpdir(), "millrace-peers-"));
  readonly #apps = new Set<KafkaStreams>();

  private constructor(kafka: KafkaCluster, jvm: JvmApplications) {
    this.kafka = kafka;
    this.jvm = jvm;
    this.client = new Client({ bootstrapServers: kafka.bootstrapServers });
  }

  static async start(): Promise<PeerScene> {
    const [kafka, jvm] = await Promise.all([startKafka(), JvmApplications.start()]);
    return new PeerScene(kafka, jvm);
  }

  /** Makes topics of so many partitions. */
  async create(numPartitions: number, ...names: readonly string[]): Promise<void> {
    const topics = names.map((name) => ({ name, numPartitions }));
    valuesOrThrow(await this.client.admin().topics.create(topics));
  }

  /** Writes records in their order, and waits until all are there. */
  async write(records: readonly InputRecord[]): Promise<void> {
    await using producer = this.client.producer();
    for (const record of records) await producer.enqueue(record);
    await producer.flush();
  }

  /** Starts an application of either engine, and waits until it runs. */
  async run(
    engine: "jvm" | "ours",
    topology: readonly CaseOperator[],
    settings: PeerSettings,
  ): Promise<{ close(): Promise<void> }> {
    if (engine === "ours") return this.runOurs(topology, settings);
    await this.#runJvm(topology, settings);
    return { close: () => this.jvm.stop(settings.applicationId) };
  }

  async #runJvm(topology: readonly CaseOperator[], settings: PeerSettings): Promise<void> {
    const { applicationId, cacheBytes = 0, optimization, protocol, guarantee } = settings;
    await this.jvm.run(topology, {
      "application.id": applicationId,
      "bootstrap.servers": this.kafka.bootstrapServers,
      "state.dir": join(this.#directory, `jvm-${applicationId}`),
      "statestore.cache.max.bytes": `${cacheBytes}`,
      "commit.interval.ms": "100",
      "repartition.purge.interval.ms": `${neverMs}`,
      "consumer.heartbeat.interval.ms": "200",
      ...(optimization !== undefined && { "topology.optimization": optimization }),
      ...(protocol && { "group.protocol": protocol }),
      ...(guarantee && { "processing.guarantee": guarantee }),
    });
  }

  /** Starts our application, and waits until it runs. */
  async runOurs(
    topology: readonly CaseOperator[],
    { applicationId, cacheBytes = 0, optimization }: PeerSettings,
    config: Partial<StreamsConfig> = {},
  ): Promise<KafkaStreams> {
    const answer = { output: [] };
    const asked = optimization === undefined ? {} : { "topology.optimization": optimization };
    const one = { name: applicationId, topology, config: asked, input: [], answer };
    const app = new KafkaStreams(new CaseTopology(one).build(), {
      applicationId,
      bootstrapServers: this.kafka.bootstrapServers,
      stateDir: join(this.#directory, applicationId),
      statestoreCacheMaxBytes: cacheBytes,
      commitIntervalMs: 100,
      repartitionPurgeIntervalMs: neverMs,
      ...config,
      consumer: { heartbeatIntervalMs: 200, ...config.consumer },
    });
    this.#apps.add(app);
    await app.start();
    await app.untilRunning();
    return app;
  }

  /** Waits until a group has committed all there is in these topics, and in its repartition topics. */
  async caughtUp(applicationId: string, inputs: readonly string[]): Promise<void> {
    const own = (await this.internalTopics(applicationId)).filter((topic) =>
      /-(repartition|topic)$/.test(topic),
    );
    await caughtUp(this.client.admin(), applicationId, [...inputs, ...own]);
  }

  /** The topics that an application has made, sorted. */
  async internalTopics(applicationId: string): Promise<string[]> {
    const listed = await this.client.admin().topics.list();
    const names = listed.map(({ name }) => name);
    return names.filter((name) => name.startsWith(`${applicationId}-`)).sort();
  }

  /** All records of a topic, partition by partition. */
  async read(topic: string): Promise<RawRecord[]> {
    const records = await readTopic(this.client, topic);
    return records.map(({ partition, key, value, timestamp, headers }) => ({
      partition,
      key: hex(key),
      value: hex(value),
      timestamp,
      headers: headers.map((one) => [one.key, hex(one.value)] as const),
    }));
  }

  async close(): Promise<void> {
    const ending = [...this.#apps].map((app) => app.close({ timeoutMs: 2_000 }).catch(() => {}));
    await Promise.all(ending);
    await this.client.close();
    await this.jvm.close();
    await this.kafka.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The last record of each key, sorted by key; keys that were deleted are left out. */
export function rowsOf(records: readonly RawRecord[]): RawRecord[] {
  const rows = new Map(records.map((one) => [`${one.partition} ${one.key}`, one]));
  return sorted([...rows.values()].filter(({ value }) => value !== null));
}

/**
 * The same records in an order that does not depend on when they were written. The producer chooses the
 * partitions of those without a key.
 */
export function sorted(records: readonly RawRecord[]): RawRecord[] {
  const placed = records.map((one) => (one.key === null ? { ...one, partition: -1 } : one));
  const keyed = placed.map((record) => ({ record, text: JSON.stringify(record) }));
  keyed.sort((one, other) => (one.text < other.text ? -1 : one.text > other.text ? 1 : 0));
  return keyed.map(({ record }) => record);
}

function hex(value: Uint8Array | null): string | null {
  return value === null ? null : Buffer.from(value).toString("hex");
}
