import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Broker } from "millrace/broker";
import { Client, type Producer, systemHost } from "millrace/client";
import { silentLogger } from "../src/log.ts";
import { changelogsOf } from "../src/streams/runtime/changelog-restore.ts";
import { Restoration } from "../src/streams/runtime/restoration.ts";
import type { RestoreProgress } from "../src/streams/runtime/restore-progress.ts";
import type { StreamsConsumerOptions } from "../src/streams/runtime/streams-config.ts";
import { Task } from "../src/streams/runtime/task.ts";
import type { RestoreOutcome } from "../src/streams/runtime/task-restore.ts";
import { TaskStates } from "../src/streams/runtime/task-states.ts";
import { TopologyPlan } from "../src/streams/runtime/topology-plan.ts";
import { SharedCacheBudget } from "../src/streams/stores/cache-budget.ts";
import type { StoreEngine } from "../src/streams/stores/engine.ts";
import { memoryEngine } from "../src/streams/stores/memory.ts";
import { CapturedOutput } from "../src/streams/testing/captured-output.ts";
import { SingleRecord } from "../src/streams/testing/single-record.ts";
import type { RawTestRecord } from "../src/streams/testing/test-record.ts";
import type { Topology } from "../src/streams/topology.ts";

/** What comes into a topology: topic, key, value, timestamp. */
export type Input = readonly [topic: string, key: string, value: string | null, timestamp: number];

/** A record as it is written to a topic. */
export type Raw = Pick<RawTestRecord, "key" | "value" | "timestamp" | "headers">;

/** How a scene differs from the usual. */
export interface SceneOptions {
  readonly consumer?: StreamsConsumerOptions | undefined;
  readonly configs?: Record<string, string | number> | undefined;
}

/** An application's name in all scenes. */
export const applicationId = "app";

/** A broker, a client, and a directory for state: where tasks write changelogs and are restored from them. */
export class RestoreScene {
  readonly broker: Broker;
  readonly client: Client;
  readonly directory: string;
  readonly progress: RestoreProgress[] = [];
  /** Is told of progress, too. */
  onProgress = (_progress: RestoreProgress) => {};
  readonly #consumer: StreamsConsumerOptions;
  readonly #producer: Producer;
  #restoration: Restoration;

  private constructor(
    broker: Broker,
    client: Client,
    directory: string,
    consumer: StreamsConsumerOptions,
  ) {
    this.#consumer = consumer;
    this.broker = broker;
    this.client = client;
    this.directory = directory;
    this.#producer = client.producer({ lingerMs: 0 });
    this.#restoration = this.#newRestoration();
  }

  static async start({ consumer = {}, configs = {} }: SceneOptions = {}): Promise<RestoreScene> {
    const broker = await Broker.start({ port: 0, configs });
    const client = new Client({ bootstrapServers: broker.bootstrapServers });
    const directory = await mkdtemp(join(tmpdir(), "millrace-restore-"));
    return new RestoreScene(broker, client, directory, consumer);
  }

  get restoration(): Restoration {
    return this.#restoration;
  }

  /** Makes a topic of one partition. */
  async topic(name: string, configs: Record<string, string> = {}): Promise<void> {
    await this.client.admin().topics.create({ name, numPartitions: 1, configs });
  }

  /** Makes the changelogs of a topology. */
  async changelogs(topology: Topology): Promise<void> {
    for (const { name } of planOf(topology).whole().changelogTopics) await this.topic(name);
  }

  /** Writes records into partition 0 of a topic, and waits until they are there. */
  async produce(topic: string, records: Iterable<Raw>): Promise<void> {
    for (const { key, value, timestamp, headers } of records) {
      const full = this.#producer.append(topic, 0, timestamp, key, value, headers);
      if (full) await full;
    }
    await this.#producer.flush();
  }

  /** Opens the one task of a topology: its stores are empty, or as they were left in the directory. */
  async open(topology: Topology, engine: StoreEngine = memoryEngine, name = "0_0") {
    return OpenTask.open(topology, engine, join(this.directory, name));
  }

  /** Runs records through a task, and puts what it logs into the changelogs. */
  async run(task: OpenTask, inputs: readonly Input[]): Promise<readonly RawTestRecord[]> {
    const written = task.run(inputs);
    const logged = new Set(task.subtopology.changelogTopics.map(({ name }) => name));
    for (const name of logged) {
      await this.produce(
        name,
        written.filter(({ topic }) => topic === name),
      );
    }
    return written.filter(({ topic }) => !logged.has(topic));
  }

  /** Restores a task, and opens its nodes if that went well. */
  async restore(task: OpenTask, signal?: AbortSignal): Promise<RestoreOutcome> {
    const { changelogs } = task;
    const outcome = await this.restoration.restore({ taskId: "0_0", changelogs }, { signal });
    if (outcome === "restored") task.task.initialize();
    return outcome;
  }

  /** Ends the restoration, and begins another, as a new start of the application does. */
  async renew(): Promise<void> {
    await this.#restoration.close();
    this.#restoration = this.#newRestoration();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#restoration.close();
    await this.client.close();
    await this.broker.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  #newRestoration(): Restoration {
    return new Restoration({
      client: this.client,
      settings: {
        applicationId,
        restoreConsumer: this.#consumer,
        onRestore: (progress) => {
          this.progress.push(progress);
          this.onProgress(progress);
        },
        host: systemHost,
        logger: silentLogger,
      },
    });
  }
}

/** A task with its state, for all of a topology. */
export class OpenTask {
  readonly task: Task;
  readonly states: TaskStates;
  readonly plan: TopologyPlan;
  readonly #output: CapturedOutput;
  #offset = 0;

  private constructor(plan: TopologyPlan, states: TaskStates) {
    const { memory, persistent, engines } = states;
    this.plan = plan;
    this.states = states;
    this.#output = new CapturedOutput(1);
    this.task = new Task({
      plan,
      subtopology: this.subtopology,
      partition: 0,
      inputs: this.subtopology.sourceTopics.map((topic) => ({ topic, partition: 0 })),
      output: this.#output,
      wallClock: () => 0,
      cache: new SharedCacheBudget(1 << 20),
      ...{ memory, persistent, engines },
    });
  }

  static async open(topology: Topology, engine: StoreEngine, directory: string) {
    const plan = planOf(topology);
    const { stores } = plan.whole();
    return new OpenTask(plan, await TaskStates.open({ stores, directory, engine }));
  }

  get subtopology() {
    return this.plan.whole();
  }

  get changelogs() {
    return changelogsOf(this.task, this.plan, this.subtopology, this.states);
  }

  /** Takes over the times that another task had come to, as they are committed with its offsets. */
  resumeFrom({ task }: OpenTask): void {
    const { processorMetadata } = task;
    for (const { topic, partitionTime } of task.positions()) {
      this.task.resume(topic, { partitionTime, processorMetadata });
    }
  }

  /** Processes records and flushes; gives what was written. */
  run(inputs: readonly Input[]): readonly RawTestRecord[] {
    for (const [topic, key, value, timestamp] of inputs) {
      const record = {
        topic,
        partition: 0,
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        timestamp,
        headers: [],
      };
      this.task.add(topic, 0, new SingleRecord(record, this.#offset));
      this.#offset += 1;
      while (this.task.process());
    }
    this.task.flush();
    return this.#output.take();
  }

  /** All rows of all stores that do not lie in structures of their own in memory, as text. */
  rows(): string[] {
    const states = [...this.states.all];
    return states
      .flatMap((state) =>
        state.names().flatMap((name) => {
          const rows = [...state.rows(name).range(undefined, undefined)];
          return rows.map(
            ([key, value]) => `${name} ${key.toString("hex")}=${value.toString("hex")}`,
          );
        }),
      )
      .sort();
  }

  async close(): Promise<void> {
    this.task.close();
    await this.states.close();
  }
}

function planOf(topology: Topology): TopologyPlan {
  return new TopologyPlan(topology.builder, applicationId);
}
