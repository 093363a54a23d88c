import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { int64, string } from "millrace";
import { Broker } from "millrace/broker";
import { type Admin, type ClassicGroupDescription, Client, valuesOrThrow } from "millrace/client";
import { inputTopic, outputTopic } from "./counting-app.ts";

const partitions = 6;
const words = Array.from({ length: 50 }, (_, index) => `word-${index}`);
/** How many words are written before their acknowledgements are awaited. */
const stride = 40;

/** What a scene takes place on: our broker, or a cluster of Apache Kafka. */
type SceneBroker = Pick<Broker, "bootstrapServers" | "close">;

/** The brokers must allow this much: a member that dies is given up soon. */
export const countingConfigs = { "group.min.session.timeout.ms": 500 };

/** A broker, words that flow into it, and what an application makes of them: a count for each word. */
export class CountingScene {
  readonly broker: SceneBroker;
  readonly client: Client;
  readonly admin: Admin;
  readonly directory: string;
  readonly #written = new Map<string, number>();
  #flow: Promise<void> | undefined;
  #isFlowing = false;

  private constructor(broker: SceneBroker, directory: string) {
    this.broker = broker;
    this.directory = directory;
    this.client = new Client({ bootstrapServers: broker.bootstrapServers });
    this.admin = this.client.admin();
  }

  /** Begins on a broker of ours, or on what is given, which is closed in the end, too. */
  static async start(given?: SceneBroker): Promise<CountingScene> {
    const broker = given ?? (await Broker.start({ port: 0, configs: countingConfigs }));
    const directory = await mkdtemp(join(tmpdir(), "millrace-counting-"));
    const scene = new CountingScene(broker, directory);
    for (const name of [inputTopic, outputTopic]) {
      await scene.admin.topics.create({ name, numPartitions: partitions });
    }
    return scene;
  }

  /** Where an instance of this name keeps its state. */
  stateDir(instance: string): string {
    return join(this.directory, instance);
  }

  /** Lets words flow from now on. */
  flow(): void {
    this.#isFlowing = true;
    this.#flow = this.#write();
  }

  /** Ends the flow; resolves when all words are at the broker. Rejects where one could not be written. */
  async ebb(): Promise<void> {
    this.#isFlowing = false;
    await this.#flow;
  }

  /** How often each word was written. */
  get written(): ReadonlyMap<string, number> {
    return this.#written;
  }

  /** Waits until so many members have their share of the group's tasks, and nobody waits for any. */
  async shared(group: string, members: number): Promise<readonly number[]> {
    let shares: readonly number[] = [];
    await until(`${members} members share the tasks`, async () => {
      const outcome = (await this.admin.groups.describe([group])).get(group);
      if (outcome?.state !== "done") return false;
      const description = outcome.value as ClassicGroupDescription;
      shares = description.members.map(({ assignment }) => assignment.length);
      const all = shares.reduce((sum, share) => sum + share, 0);
      const isStable = description.state === "stable" && all === 2 * partitions;
      return isStable && shares.length === members;
    });
    return shares;
  }

  /** Waits until the group has committed all there is in the topics that it reads. */
  async caughtUp(group: string, topics: readonly string[]): Promise<void> {
    await until("everything is processed and committed", async () => {
      const places = topics.flatMap((topic) =>
        Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
      );
      const latest = places.map((place) => ({ ...place, at: "latest" as const }));
      // Before the ends: what was committed has been written on by then, and counts in these.
      const committed = await this.admin.groupOffsets.list(group);
      const ends = await this.admin.records.listOffsets(latest);
      return [...valuesOrThrow(ends)].every(([name, { offset: end = 0 }]) => {
        const place = committed.find((one) => `${one.topic}-${one.partition}` === name);
        return (place?.offset ?? 0) >= end;
      });
    });
  }

  /** The last count of each word that came out. */
  async results(): Promise<ReadonlyMap<string, number>> {
    const assignment = Array.from({ length: partitions }, (_, partition) => ({
      topic: outputTopic,
      partition,
    }));
    await using consumer = this.client.consumer({
      ...{ assignment, key: string, value: int64, autoOffsetReset: "earliest" as const },
    });
    const counts = new Map<string, number>();
    await until("all results are read", async () => {
      for (const batch of await consumer.poll({ timeoutMs: 100 })) {
        for (const { key, value } of batch) if (value !== null) counts.set(key ?? "", value);
      }
      const lags = consumer.lag();
      return lags.length === partitions && lags.every(({ lag }) => lag === 0);
    });
    return counts;
  }

  async close(): Promise<void> {
    this.#isFlowing = false;
    await this.#flow?.catch(() => {});
    await this.client.close();
    await this.broker.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #write(): Promise<void> {
    await using producer = this.client.producer({ value: string, lingerMs: 0 });
    for (let number = 0; this.#isFlowing; number += 1) {
      const word = words[(number * number) % words.length] as string;
      this.#written.set(word, (this.#written.get(word) ?? 0) + 1);
      producer.enqueue({ topic: inputTopic, partition: number % partitions, value: word });
      if (number % stride === 0) await producer.flush();
    }
    await producer.flush();
  }
}

/** Waits until a condition holds; fails when it does not within the time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(`not so within ${timeoutMs} ms: ${what}`);
    await delay(20);
  }
}
