import { MillraceError } from "../../errors.ts";
import type { Headers, RecordMetadata } from "../message.ts";
import type { Cancellable, DropReason, TaskContext } from "../node.ts";
import type { TaskState } from "../stores/engine.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { OpenStore } from "../stores/store-builder.ts";
import { failOnInvalidTimestamp } from "../timestamp-extractor.ts";
import type { SourceNode } from "../topology-node.ts";
import { restoreRecord } from "./changelog-restore.ts";
import { ProcessorGraph } from "./processor-graph.ts";
import { type RawRecords, type ReadFailure, RecordQueue } from "./record-queue.ts";
import { RecordScope } from "./record-scope.ts";
import type { DroppedRecord } from "./task.ts";
import type { TopologyPlan } from "./topology-plan.ts";

/** What a global task is made with. */
export interface GlobalTaskOptions {
  readonly plan: TopologyPlan;
  readonly memory: TaskState;
  readonly persistent: TaskState;
  /** The states of stores that name an engine, by the engine's name; `persistent` where it is missing. */
  readonly engines?: ReadonlyMap<string, TaskState> | undefined;
  readonly wallClock: () => number;
  readonly configs?: ReadonlyMap<string, unknown> | undefined;
  readonly onDropped?: ((record: DroppedRecord) => void) | undefined;
  /** Decides on records that cannot be read; they are dropped and reported by default. */
  readonly onReadFailure?: ReadFailure | undefined;
}

/** The id that the JVM gives to what keeps global stores. */
export const globalTaskId = "-1_-1";

/** The global stores of an application: every instance reads all partitions of their topics. */
export class GlobalTask implements TaskContext {
  readonly taskId = globalTaskId;
  readonly partition = -1;
  readonly applicationId: string;
  readonly configs: ReadonlyMap<string, unknown>;
  readonly processorMetadata = new Map<string, number>();
  readonly stores: ReadonlyMap<string, OpenStore<StateStore>>;
  /** The topics it reads. */
  readonly topics: readonly string[];

  readonly #options: GlobalTaskOptions;
  readonly #scope = new RecordScope();
  readonly #graph: ProcessorGraph;
  readonly #sources = new Map<string, SourceNode>();
  readonly #queues = new Map<string, RecordQueue>();
  #streamTime = -1;

  constructor(options: GlobalTaskOptions) {
    const { plan, memory, persistent, engines } = options;
    const { builder } = plan;
    this.#options = options;
    this.applicationId = plan.applicationId;
    this.configs = options.configs ?? new Map();
    const nodes = plan.globalNodes();
    for (const node of nodes) {
      if (node.kind !== "source") continue;
      for (const topic of node.topics) this.#sources.set(topic, node);
    }
    this.topics = [...this.#sources.keys()];
    this.#scope.beginAt(options.wallClock());
    this.stores = new Map(
      [...builder.globalStores].map(([name, { builder: store, sourceTopic = name }]) => [
        name,
        store.open({
          task: this,
          memory,
          persistent: engines?.get(store.engine?.name ?? "") ?? persistent,
          cache: undefined,
          topic: sourceTopic,
          changelog: undefined,
        }),
      ]),
    );
    this.#graph = new ProcessorGraph({
      nodes,
      task: this,
      scope: this.#scope,
      storeFor: (_node, store) => this.stores.get(store)?.store,
      openSink: () => {
        throw new MillraceError("INVALID_STATE", "a global store's processor has no sink");
      },
    });
  }

  /** Takes in what was read from a partition of one of its topics. */
  update(topic: string, partition: number, records: RawRecords): void {
    const queue = this.#queueOf(topic, partition);
    queue.add(records);
    const process = this.#graph.source(queue.source.name);
    while (queue.head) {
      const { headOffset } = queue;
      const message = queue.poll();
      this.#streamTime = Math.max(this.#streamTime, message.timestamp);
      this.#scope.begin(topic, partition, headOffset, message.timestamp, message.headers);
      process(message);
    }
    for (const { store } of this.stores.values()) store.flush();
  }

  /**
   * Takes in, when stores are restored, what was read from one of its topics: bytes go into the store as they
   * are, unless a processor of the program's own makes the rows (`GlobalStateManagerImpl`).
   */
  restore(topic: string, partition: number, records: RawRecords): void {
    const stores = [...this.#options.plan.builder.globalStores].flatMap(([name, entry]) => {
      return entry.sourceTopic === topic ? (this.stores.get(name) ?? []) : [];
    });
    const { builder } = this.#options.plan;
    if (stores.some(({ store }) => builder.isReprocessed(store.name))) {
      this.update(topic, partition, records);
      return;
    }
    while (records.next()) {
      for (const { restore } of stores) restoreRecord(restore, records.record);
    }
  }

  /** The source that reads a topic. */
  sourceOf(topic: string): SourceNode {
    const source = this.#sources.get(topic);
    if (source) return source;
    throw new MillraceError("INVALID_ARGUMENT", `no global store reads the topic ${topic}`);
  }

  close(): void {
    this.#graph.close();
    for (const { store } of this.stores.values()) store.close();
  }

  streamTime(): number {
    return this.#streamTime;
  }

  wallClockTime(): number {
    return this.#options.wallClock();
  }

  recordMetadata(): RecordMetadata | undefined {
    return this.#scope.metadata();
  }

  currentTimestamp(): number {
    return this.#scope.timestamp;
  }

  currentHeaders(): Headers {
    return this.#scope.headers;
  }

  schedule(): Cancellable {
    throw new MillraceError("INVALID_STATE", "the processor of a global store has no punctuations");
  }

  requestCommit(): void {}

  dropped(reason: DropReason): void {
    const { node } = this.#scope;
    const record = this.#scope.metadata();
    this.#options.onDropped?.({ taskId: this.taskId, node, record, reason });
  }

  #queueOf(topic: string, partition: number): RecordQueue {
    const name = `${topic}-${partition}`;
    const known = this.#queues.get(name);
    if (known) return known;
    const source = this.sourceOf(topic);
    const queue = new RecordQueue({
      topic,
      partition,
      source,
      timestampExtractor: failOnInvalidTimestamp,
      onFailure: (failure) => {
        const { onReadFailure, onDropped } = this.#options;
        if (onReadFailure && onReadFailure(failure) === "fail") return "fail";
        const reason: DropReason = { why: "deserialization" };
        const { taskId } = this;
        onDropped?.({ taskId, node: source.name, record: failure.metadata, reason });
        return "drop";
      },
    });
    this.#queues.set(name, queue);
    return queue;
  }
}
