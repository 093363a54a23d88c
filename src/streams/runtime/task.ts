import { MillraceError } from "../../errors.ts";
import type { RecordMetadata } from "../message.ts";
import type { Cancellable, DropReason, PunctuationType, TaskContext } from "../node.ts";
import type { TaskState } from "../stores/engine.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { CacheBudget, OpenStore } from "../stores/store-builder.ts";
import { failOnInvalidTimestamp, type TimestampExtractor } from "../timestamp-extractor.ts";
import type { SourceNode, StoreEntry } from "../topology-node.ts";
import type { Output } from "./output.ts";
import { PartitionGroup } from "./partition-group.ts";
import { ProcessorGraph } from "./processor-graph.ts";
import { Punctuations } from "./punctuations.ts";
import { type RawRecords, type ReadFailure, RecordQueue } from "./record-queue.ts";
import { RecordScope } from "./record-scope.ts";
import { openSink } from "./sink.ts";
import type { Subtopology, TopologyPlan } from "./topology-plan.ts";

/** A record that went no further, and why. */
export interface DroppedRecord {
  readonly taskId: string;
  readonly node: string;
  readonly record: RecordMetadata | undefined;
  readonly reason: DropReason;
}

/** What a task is made with. */
export interface TaskOptions {
  readonly plan: TopologyPlan;
  readonly subtopology: Subtopology;
  readonly partition: number;
  /** The partitions it reads: topics by their full names. */
  readonly inputs: readonly { readonly topic: string; readonly partition: number }[];
  readonly output: Output;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly configs?: ReadonlyMap<string, unknown> | undefined;
  readonly memory: TaskState;
  readonly persistent: TaskState;
  readonly cache?: CacheBudget | undefined;
  /** Stores that every task may read, by their names. */
  readonly globalStores?: ReadonlyMap<string, StateStore> | undefined;
  readonly timestampExtractor?: TimestampExtractor | undefined;
  /** Decides on records that cannot be read; they stop the task by default. */
  readonly onReadFailure?: ReadFailure | undefined;
  /** Hears of each record that is dropped on its way. */
  readonly onDropped?: ((record: DroppedRecord) => void) | undefined;
}

/** How far one input partition has been worked through. */
export interface InputPosition {
  readonly topic: string;
  readonly partition: number;
  /** The offset of the next record. */
  readonly offset: number;
  /** The greatest timestamp that was taken from it: part of the commit's metadata. */
  readonly partitionTime: number;
}

/**
 * One sub-topology at work on one partition: reads records in the order of their timestamps, runs them
 * through its nodes, and says what is to be committed. Has no clock, no socket and no loop of its own.
 */
export class Task implements TaskContext {
  readonly taskId: string;
  readonly applicationId: string;
  readonly partition: number;
  readonly configs: ReadonlyMap<string, unknown>;
  readonly processorMetadata = new Map<string, number>();
  readonly stores: ReadonlyMap<string, OpenStore<StateStore>>;
  /** Whether a node has asked for a commit. */
  isCommitRequested = false;
  /** Whether something has been processed since the last commit. */
  needsCommit = false;

  readonly #options: TaskOptions;
  readonly #scope = new RecordScope();
  readonly #group: PartitionGroup;
  readonly #graph: ProcessorGraph;
  readonly #byStreamTime = new Punctuations();
  readonly #byWallClock = new Punctuations();
  readonly #sources = new Map<RecordQueue, (message: never) => void>();

  constructor(options: TaskOptions) {
    const { plan, subtopology, partition } = options;
    this.#options = options;
    this.taskId = `${subtopology.id}_${partition}`;
    this.applicationId = plan.applicationId;
    this.partition = partition;
    this.configs = options.configs ?? new Map();
    const queues = options.inputs.map((input) => this.#queueOf(input));
    this.#group = new PartitionGroup(queues);
    this.#scope.beginAt(options.wallClock());
    this.stores = new Map(
      subtopology.stores.map((entry) => [entry.builder.name, this.#openStore(entry)]),
    );
    this.#graph = new ProcessorGraph({
      nodes: subtopology.nodes,
      task: this,
      scope: this.#scope,
      storeFor: (node, store) => this.#storeFor(node, store),
      openSink: (sink) => openSink(sink, options.output, (topic) => plan.topicName(topic)),
    });
    for (const queue of queues) this.#sources.set(queue, this.#graph.source(queue.source.name));
  }

  /** Whether a record waits to be processed. */
  get hasRecords(): boolean {
    return this.#group.hasRecords;
  }

  /** Whether every input has a record waiting. */
  get isComplete(): boolean {
    return this.#group.isComplete;
  }

  /** Whether it reads a topic, given by its full name. */
  reads(topic: string): boolean {
    return this.#group.queue(topic, this.partition) !== undefined;
  }

  /** Takes in what was fetched for one of its partitions. */
  add(topic: string, partition: number, records: RawRecords): void {
    const queue = this.#group.queue(topic, partition);
    if (!queue) {
      const message = `task ${this.taskId} does not read ${topic}-${partition}`;
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    this.#group.add(queue, records);
  }

  /** Processes the next record; false where none waits. An error leaves the task unusable. */
  process(): boolean {
    const message = this.#group.next();
    if (!message) return false;
    const queue = this.#group.last as RecordQueue;
    const { topic, partition, source } = queue;
    this.#scope.begin(topic, partition, queue.nextOffset - 1, message.timestamp, message.headers);
    this.#scope.node = source.name;
    this.needsCommit = true;
    try {
      (this.#sources.get(queue) as (message: unknown) => void)(message);
    } catch (cause) {
      throw this.#failed(cause);
    }
    return true;
  }

  /** Runs the punctuations that are due by stream time; gives whether any was. */
  punctuateStreamTime(): boolean {
    const { streamTime } = this.#group;
    if (streamTime < 0) return false;
    return this.#byStreamTime.run(streamTime, this.#punctuate);
  }

  /** Runs the punctuations that are due by the clock; gives whether any was. */
  punctuateWallClock(): boolean {
    return this.#byWallClock.run(this.#options.wallClock(), this.#punctuate);
  }

  /** When the next punctuation by the clock is due; undefined where there is none. */
  get nextWallClockPunctuation(): number | undefined {
    return this.#byWallClock.nextAt;
  }

  /** Writes what caches hold to stores, changelogs and the nodes below: what a commit begins with. */
  flush(): void {
    this.#scope.beginAt(this.#options.wallClock());
    try {
      for (const { store } of this.stores.values()) store.flush();
    } catch (cause) {
      throw this.#failed(cause);
    }
    this.#scope.beginAt(-1);
  }

  /** Where to go on after a commit. */
  positions(): InputPosition[] {
    return [...this.#group.queues].flatMap((queue) => {
      const { topic, partition, partitionTime, head, headOffset, nextOffset } = queue;
      const offset = head ? headOffset : nextOffset;
      return offset < 0 ? [] : [{ topic, partition, offset, partitionTime }];
    });
  }

  /** Notes that everything up to here is committed. */
  committed(): void {
    this.needsCommit = false;
    this.isCommitRequested = false;
  }

  /** Ends all nodes and closes the stores. */
  close(): void {
    this.#graph.close();
    for (const { store } of this.stores.values()) store.close();
    this.#group.clear();
  }

  streamTime(): number {
    return this.#group.streamTime;
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

  currentHeaders(): RecordScope["headers"] {
    return this.#scope.headers;
  }

  schedule(
    intervalMs: number,
    type: PunctuationType,
    run: (timestamp: number) => void,
    startTime?: number,
  ): Cancellable {
    if (!(intervalMs >= 1)) {
      const message = `the interval of a punctuation must be at least 1 ms, not ${intervalMs}`;
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    const { node } = this.#scope;
    if (type === "stream-time") {
      return this.#byStreamTime.add(node, startTime ?? 0, intervalMs, run);
    }
    const at = startTime ?? this.#options.wallClock() + intervalMs;
    return this.#byWallClock.add(node, at, intervalMs, run);
  }

  requestCommit(): void {
    this.isCommitRequested = true;
  }

  dropped(reason: DropReason): void {
    const { node } = this.#scope;
    this.#options.onDropped?.({
      taskId: this.taskId,
      node,
      record: this.#scope.metadata(),
      reason,
    });
  }

  readonly #punctuate = (node: string, timestamp: number, run: (timestamp: number) => void) => {
    this.#scope.beginAt(timestamp);
    this.#scope.node = node;
    this.needsCommit = true;
    try {
      run(timestamp);
    } catch (cause) {
      throw this.#failed(cause);
    }
  };

  #failed(cause: unknown): MillraceError {
    const { node } = this.#scope;
    const record = this.#scope.metadata();
    const place = record
      ? `the record of ${record.topic}-${record.partition} at offset ${record.offset}`
      : "a punctuation or a commit";
    const message = `${node} of task ${this.taskId} failed at ${place}: ${(cause as Error)?.message}`;
    return new MillraceError("PROCESSING_FAILED", message, { cause });
  }

  #queueOf({ topic, partition }: { readonly topic: string; readonly partition: number }) {
    const { plan, subtopology, timestampExtractor, onReadFailure, onDropped } = this.#options;
    const source = subtopology.nodes.find(
      (node): node is SourceNode =>
        node.kind === "source" &&
        (node.topics.some((one) => plan.topicName(one) === topic) ||
          node.pattern?.test(topic) === true),
    );
    if (!source) {
      const message = `sub-topology ${subtopology.id} has no source for ${topic}`;
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    return new RecordQueue({
      topic,
      partition,
      source,
      timestampExtractor: timestampExtractor ?? failOnInvalidTimestamp,
      onFailure: (failure) => {
        const isDropped =
          failure.why === "negative-timestamp" || onReadFailure?.(failure) === "drop";
        if (!isDropped) return "fail";
        const reason: DropReason = { why: "deserialization" };
        onDropped?.({ taskId: this.taskId, node: source.name, record: failure.metadata, reason });
        return "drop";
      },
    });
  }

  #openStore(entry: StoreEntry): OpenStore<StateStore> {
    const { plan, memory, persistent, cache, output } = this.#options;
    const { builder, isLogged, sourceTopic } = entry;
    const topic = plan.changelogOf(entry);
    const isOwnChangelog = isLogged && sourceTopic === undefined && topic !== undefined;
    return builder.open({
      task: this,
      memory,
      persistent,
      cache,
      topic: topic ?? `${plan.applicationId}-${builder.name}-changelog`,
      changelog: isOwnChangelog
        ? {
            log: (key, value, timestamp, headers) =>
              output.send(topic, this.partition, key, value, timestamp, headers),
          }
        : undefined,
    });
  }

  #storeFor(node: string, name: string): StateStore | undefined {
    const { builder } = this.#options.plan;
    if (builder.storesOf(node).includes(name)) return this.stores.get(name)?.store;
    return this.#options.globalStores?.get(name);
  }
}
