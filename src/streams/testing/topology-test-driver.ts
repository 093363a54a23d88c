import type { Deserializer } from "../../client/index.ts";
import { MillraceError, TopologyError } from "../../errors.ts";
import { partitionForKey } from "../../protocol/index.ts";
import { systemRandom } from "../../random.ts";
import {
  type StoreHandle,
  type StoreOf,
  type StoreTypes,
  storeNameOf,
  type UntypedName,
} from "../dsl/store-handle.ts";
import { emitIntervalConfig } from "../operators/stream-join.ts";
import {
  type DeserializationExceptionHandler,
  failOnError,
  type ProcessingExceptionHandler,
} from "../runtime/error-handlers.ts";
import { GlobalTask } from "../runtime/global-task.ts";
import type { ReadFailure } from "../runtime/record-queue.ts";
import { hasPatterns, topicsBySource } from "../runtime/subscription.ts";
import { type DroppedRecord, Task } from "../runtime/task.ts";
import { type Subtopology, TopologyPlan } from "../runtime/topology-plan.ts";
import { SharedCacheBudget } from "../stores/cache-budget.ts";
import { memoryEngine } from "../stores/memory.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { Topology } from "../topology.ts";
import { builderOf } from "../topology-builder.ts";
import type { SourceNode } from "../topology-node.ts";
import { CapturedOutput } from "./captured-output.ts";
import { DriverClock } from "./driver-clock.ts";
import { SingleRecord } from "./single-record.ts";
import { TestInputTopic, type TestInputTopicOptions } from "./test-input-topic.ts";
import { TestOutputTopic } from "./test-output-topic.ts";
import type { RawTestRecord } from "./test-record.ts";

/** What is tested: a `Topology`. */
type TestedTopology<Stores extends StoreTypes> = Pick<Topology<Stores>, "builder" | "storeTypes">;

/** How a topology is tested. */
export interface TopologyTestDriverOptions {
  readonly applicationId?: string | undefined;
  /** Where the driver's clock begins, in milliseconds since 1970; 0 by default. It moves only when told. */
  readonly startTime?: number | undefined;
  /** How many partitions each topic has; 1 by default, as the JVM's driver always has. */
  readonly partitions?: number | undefined;
  /** How many bytes caches may take; 10 MB by default. They are flushed after each record. */
  readonly cacheMaxBytes?: number | undefined;
  /**
   * Whether the caches keep rows from one record to the next, as in a real application, until
   * {@link TopologyTestDriver.commit}; false by default, as in the JVM's driver.
   */
  readonly keepsCaches?: boolean | undefined;
  /** Settings of the application that processors can read, by Kafka's names. */
  readonly configs?: { readonly [name: string]: unknown } | undefined;
  /**
   * Decides on records that cannot be deserialized. By default they fail the call that wrote them, and those of
   * global stores are left out, as in the JVM's driver.
   */
  readonly deserializationExceptionHandler?: DeserializationExceptionHandler | undefined;
  /** Decides on records and punctuations at which a node throws; they fail the call by default. */
  readonly processingExceptionHandler?: ProcessingExceptionHandler | undefined;
  /** Hears of each record that is dropped on its way, such as a late one. */
  readonly onDropped?: ((record: DroppedRecord) => void) | undefined;
}

const defaultCacheBytes = 10 * 1024 * 1024;

/**
 * Runs a topology without a broker, a thread or a file: records go in at its source topics and come out at
 * its sinks, within the call. After each record everything is committed, as in the JVM's driver. What async
 * operators wait for comes out after {@link TopologyTestDriver.settle}.
 */
export class TopologyTestDriver<Stores extends StoreTypes = StoreTypes> implements Disposable {
  readonly #plan: TopologyPlan;
  readonly #partitions: number;
  readonly #output: CapturedOutput;
  readonly #tasks: readonly Task[];
  readonly #global: GlobalTask;
  readonly #keepsCaches: boolean;
  readonly #offsets = new Map<string, number>();
  readonly #produced = new Map<string, RawTestRecord[]>();
  readonly #clock: DriverClock;
  #isClosed = false;

  /** Opens the topology; throws a `TopologyError` where a node cannot be opened. */
  constructor(
    topology: TestedTopology<Stores>,
    {
      applicationId = "test",
      startTime = 0,
      partitions = 1,
      cacheMaxBytes = defaultCacheBytes,
      keepsCaches = false,
      configs = {},
      deserializationExceptionHandler: onUnreadable,
      processingExceptionHandler,
      onDropped,
    }: TopologyTestDriverOptions = {},
  ) {
    const clock = new DriverClock(startTime);
    this.#clock = clock;
    this.#partitions = partitions;
    this.#keepsCaches = keepsCaches;
    this.#plan = new TopologyPlan(builderOf(topology), applicationId);
    this.#output = new CapturedOutput(partitions);
    const common = {
      plan: this.#plan,
      output: this.#output,
      wallClock: () => clock.now(),
      host: { clock, random: systemRandom },
      configs: new Map<string, unknown>([...driverConfigs, ...Object.entries(configs)]),
      onDropped,
    };
    this.#global = new GlobalTask({
      ...common,
      memory: newState(),
      persistent: newState(),
      onReadFailure: onUnreadable && readFailures(this.#plan, onUnreadable),
    });
    const globalStores = new Map(
      [...this.#global.stores].map(([name, { store }]) => [name, store]),
    );
    const cache = cacheMaxBytes > 0 ? new SharedCacheBudget(cacheMaxBytes) : undefined;
    // As in the JVM's driver, one task has all sub-topologies, so that their order is that of time.
    const subtopology = this.#plan.whole();
    const onReadFailure = readFailures(this.#plan, onUnreadable ?? failOnError);
    this.#tasks = Array.from({ length: partitions }, (_, partition) => {
      const inputs = inputsOf(subtopology, partition);
      const state = { memory: newState(), persistent: newState() };
      const parts = { ...common, ...state, subtopology, partition, inputs, cache, globalStores };
      const onProcessingFailure = processingExceptionHandler;
      const task = new Task({ ...parts, onReadFailure, onProcessingFailure });
      task.initialize();
      return task;
    });
  }

  /** Makes a way in. */
  createInputTopic<K, V>(
    topic: string,
    options: TestInputTopicOptions<K, V>,
  ): TestInputTopic<K, V> {
    return new TestInputTopic(this, topic, { startTime: this.#clock.now(), ...options });
  }

  /** Makes a way out: what was written to a topic and not yet read. */
  createOutputTopic<K, V>(
    topic: string,
    serdes: { readonly key: Deserializer<K>; readonly value: Deserializer<V> },
  ): TestOutputTopic<K, V> {
    return new TestOutputTopic(this, topic, serdes);
  }

  /** The topics that anything was written to, changelogs and repartition topics included. */
  producedTopicNames(): string[] {
    return [...this.#produced.keys()];
  }

  /**
   * Waits for what async operators have under way, and hands on what comes of it, until nothing is left. Waits
   * between two tries take no time here, and calls time out by {@link advanceWallClockTime} alone. Rejects where a
   * node fails.
   */
  async settle(): Promise<void> {
    for (;;) {
      this.#checkOpen();
      this.#processAll();
      const busy = this.#tasks.filter(({ asyncWork }) => asyncWork.pending > 0);
      if (busy.length === 0) return;
      await Promise.race(busy.map(({ asyncWork }) => asyncWork.untilReady()));
    }
  }

  /** Moves the clock and runs the punctuations that are due; calls whose time is over then fail. */
  advanceWallClockTime(ms: number): void {
    this.#checkOpen();
    this.#clock.advance(ms);
    for (const task of this.#tasks) {
      task.punctuateWallClock();
      this.#commitTask(task);
    }
    this.#processAll();
  }

  /** Flushes caches that are kept, as a commit does. */
  commit(): void {
    this.#checkOpen();
    for (const task of this.#tasks) {
      task.flush();
      task.committed();
    }
    this.#processAll();
  }

  /**
   * A store of the topology in one partition's task, or a global one: by the table that has it, by its builder,
   * or by its name. Throws UNKNOWN_STORE where there is none; a name whose type the topology does not know
   * gives undefined then.
   */
  store<Handle extends StoreHandle>(store: Handle, partition?: number): StoreOf<Handle>;
  store<S extends StateStore>(name: UntypedName<Stores>, partition?: number): S | undefined;
  store<Name extends keyof Stores & string>(name: Name, partition?: number): Stores[Name];
  store(store: StoreHandle | string, partition = 0): StateStore | undefined {
    const name = storeNameOf(store);
    const open =
      name === undefined
        ? undefined
        : (this.#tasks[partition]?.stores.get(name) ?? this.#global.stores.get(name));
    if (open || typeof store === "string") return open?.store;
    const message = `the topology has no store ${name ?? "for that table: give it one by `store`"}`;
    throw new TopologyError("UNKNOWN_STORE", message);
  }

  /** Writes one record as bytes; what {@link TestInputTopic} does. */
  pipeRaw(
    record: Omit<RawTestRecord, "partition"> & { readonly partition?: number | undefined },
  ): void {
    this.#checkOpen();
    const { topic, key } = record;
    const partition =
      record.partition ?? (key === null ? 0 : partitionForKey(key, this.#partitions));
    if (!(partition in this.#tasks)) {
      const message = `${topic} has no partition ${partition} here: the driver was made with \`partitions: ${this.#partitions}\``;
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    if (!this.#feed({ ...record, partition })) {
      throw new MillraceError("INVALID_ARGUMENT", `the topology reads no topic ${topic}`);
    }
    this.#processAll();
  }

  /** Takes the first record that waits in a topic; undefined where there is none. */
  takeRaw(topic: string): RawTestRecord | undefined {
    return this.#produced.get(topic)?.shift();
  }

  /** How many records wait in a topic. */
  countRaw(topic: string): number {
    return this.#produced.get(topic)?.length ?? 0;
  }

  /** Closes nodes and stores; may be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const task of this.#tasks) task.close();
    this.#global.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Gives a record to what reads its topic: its task, or the global stores; false where nothing does. */
  #feed(record: RawTestRecord): boolean {
    const { topic, partition } = record;
    const isGlobal = this.#global.topics.includes(topic);
    const task = this.#tasks[partition];
    if (!isGlobal && !(task && this.#reads(task, topic))) return false;
    const place = `${topic}-${partition}`;
    const offset = this.#offsets.get(place) ?? 0;
    this.#offsets.set(place, offset + 1);
    const single = new SingleRecord(record, offset);
    if (isGlobal) this.#global.update(topic, partition, single);
    else task?.add(topic, partition, single);
    return true;
  }

  /** Whether a task reads a topic: by its name or, from the first record on, since it matches a pattern. */
  #reads(task: Task, topic: string): boolean {
    if (task.reads(topic)) return true;
    if (!hasPatterns(this.#plan)) return false;
    const isMatched = [...topicsBySource(this.#plan, [topic]).values()].flat().includes(topic);
    if (isMatched) task.addInput(topic);
    return isMatched;
  }

  #processAll(): void {
    this.#capture();
    for (;;) {
      const task = this.#tasks.find(canGoOn);
      if (!task) return;
      if (task.asyncWork.hasReady) task.asyncWork.release();
      else task.process();
      task.punctuateStreamTime();
      this.#commitTask(task);
      this.#capture();
    }
  }

  #commitTask(task: Task): void {
    if (this.#keepsCaches || !task.needsCommit) return;
    task.flush();
    task.committed();
  }

  /** Keeps what was written, and feeds back what the topology reads itself. */
  #capture(): void {
    for (const record of this.#output.take()) {
      const written = this.#produced.get(record.topic);
      if (written) written.push(record);
      else this.#produced.set(record.topic, [record]);
      this.#feed(record);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new MillraceError("CLOSED", "the test driver has been closed");
  }
}

/** Results of joins that wait for time to pass are looked for at every record, as those of windows are anyway. */
const driverConfigs: readonly [string, unknown][] = [[emitIntervalConfig, 0]];

/** Whether there is something to do that waits for no answer. */
function canGoOn({ hasRecords, asyncWork }: Task): boolean {
  return asyncWork.hasReady || (hasRecords && !asyncWork.isFull);
}

/** Asks the handler about records that cannot be read, telling it which source reads them. */
function readFailures(plan: TopologyPlan, decide: DeserializationExceptionHandler): ReadFailure {
  const sources = [...plan.builder.nodes.values()].filter((node) => node.kind === "source");
  return ({ why, error, metadata: record }) => {
    if (why === "negative-timestamp") return "drop";
    const reads = ({ topics }: SourceNode) =>
      topics.some((t) => plan.topicName(t) === record.topic);
    const node = sources.find(reads)?.name ?? "";
    const taskId = `0_${record.partition}`;
    return decide({ error, node, taskId, record }) === "fail" ? "fail" : "drop";
  };
}

function newState() {
  return memoryEngine.open("");
}

function inputsOf({ sourceTopics }: Subtopology, partition: number) {
  return sourceTopics.map((topic) => ({ topic, partition }));
}
