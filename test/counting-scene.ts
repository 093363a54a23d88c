import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { int64, string } from "millrace";
import { Broker } from "millrace/broker";
import { type Admin, type ClassicGroupDescription, Client } from "millrace/client";
import { inputTopic, outputTopic } from "./counting-app.ts";
import { caughtUp, readTopic } from "./topic-reader.ts";
import { until } from "./until.ts";

const program = join(import.meta.dirname, "counting-child.ts");
/** How long an instance may take to run. */
const startMs = 30_000;
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
  readonly #children: ChildProcess[] = [];
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

  /** Starts an instance in a process of its own, and waits until it runs; it is killed in the end. */
  async child(group: string, instance: string): Promise<ChildProcess> {
    const words = [group, this.broker.bootstrapServers, this.stateDir(instance)];
    const child = spawn(process.execPath, ["--conditions=millrace-source", program, ...words], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.push(child);
    const ended = once(child, "exit").then(([code, signal]) => {
      throw new Error(`instance ${instance} of ${group} ended before it ran: ${signal ?? code}`);
    });
    await Promise.race([
      once(child.stdout, "data", { signal: AbortSignal.timeout(startMs) }),
      ended,
    ]);
    return child;
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
    await caughtUp(this.admin, group, topics);
  }

  /** The last count of each word that came out. */
  async results(): Promise<ReadonlyMap<string, number>> {
    const records = await readTopic(this.client, outputTopic, { key: string, value: int64 });
    return new Map(records.map(({ key, value }) => [key ?? "", value ?? 0]));
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
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
