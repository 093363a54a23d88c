import { MillraceError, reasonOf } from "../../errors.ts";
import { systemHost } from "../../host.ts";
import type { RecordMetadata } from "../message.ts";
import type { Cancellable, DropReason, PunctuationType, TaskContext } from "../node.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { OpenStore } from "../stores/store-builder.ts";
import type { StoreEntry } from "../topology-node.ts";
import { AsyncWork, type Reenter } from "./async-work.ts";
import { CacheFlush } from "./cache-flush.ts";
import { inputQueue } from "./input-queue.ts";
import type { OffsetMetadata } from "./offset-metadata.ts";
import { PartitionGroup } from "./partition-group.ts";
import { type NodeFailure, ProcessorGraph } from "./processor-graph.ts";
import { Punctuations } from "./punctuations.ts";
import type { RawRecords, RecordQueue } from "./record-queue.ts";
import { RecordScope } from "./record-scope.ts";
import { openSink } from "./sink.ts";
import type { InputPosition, OutOfOrder, TaskOptions } from "./task-options.ts";

export type { DroppedRecord, InputPosition, TaskOptions } from "./task-options.ts";

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
  /** What async operators have under way: to be released between records, and drained before a commit. */
  readonly asyncWork: AsyncWork;
  /** Whether a node has asked for a commit. */
  isCommitRequested = false;
  /** Whether something has been processed since the last commit. */
  needsCommit = false;

  readonly #options: TaskOptions;
  readonly #scope = new RecordScope();
  readonly #group: PartitionGroup;
  readonly #flush: CacheFlush;
  #graph: ProcessorGraph | undefined;
  readonly #byStreamTime = new Punctuations();
  readonly #byWallClock = new Punctuations();

  constructor(options: TaskOptions) {
    const { plan, subtopology, partition } = options;
    this.#options = options;
    this.taskId = `${subtopology.id}_${partition}`;
    this.applicationId = plan.applicationId;
    this.partition = partition;
    this.configs = options.configs ?? new Map();
    const { host: { clock, random } = systemHost, onReady } = options;
    this.asyncWork = new AsyncWork({ clock, random, onReady, reenter: this.#reenter });
    this.#group = new PartitionGroup(options.inputs.map((input) => this.#queueOf(input)));
    this.#scope.beginAt(options.wallClock());
    this.stores = new Map(
      subtopology.stores.map((entry) => [entry.builder.name, this.#openStore(entry)]),
    );
    this.#flush = new CacheFlush([...this.stores.values()].map(({ store }) => store));
  }

  /** Opens the nodes, which may read their stores at once: to be called when these have been restored. */
  initialize(): void {
    const { plan, subtopology, output, wallClock } = this.#options;
    this.#scope.beginAt(wallClock());
    const graph = new ProcessorGraph({
      nodes: subtopology.nodes,
      task: this,
      asyncWork: this.asyncWork,
      scope: this.#scope,
      storeFor: (node, store) => this.#storeFor(node, store),
      openSink: (sink) => openSink(sink, output, (topic) => plan.topicName(topic)),
      onFailure: this.#options.onProcessingFailure && this.#nodeFailed,
    });
    this.#graph = graph;
    for (const queue of this.#group.queues) {
      queue.step = graph.source(queue.source.name);
    }
  }

  /**
   * Takes over what the last owner committed with an input's offset (`StreamTask.initializeMetadata`); to be
   * called before {@link initialize}.
   */
  resume(topic: string, { partitionTime, processorMetadata }: OffsetMetadata): void {
    this.#group.resume(topic, this.partition, partitionTime);
    for (const [name, note] of processorMetadata) {
      const known = this.processorMetadata.get(name);
      if (known === undefined || known < note) this.processorMetadata.set(name, note);
    }
  }

  /** The records so far that were older than others before them. */
  get outOfOrder(): OutOfOrder {
    const { outOfOrderCount: count, greatestLatenessMs } = this.#group;
    return { taskId: this.taskId, count, greatestLatenessMs };
  }

  /** Whether a record waits to be processed. */
  get hasRecords(): boolean {
    return this.#group.hasRecords;
  }

  /** Whether every input has a record waiting. */
  get isComplete(): boolean {
    return this.#group.isComplete;
  }

  /** The inputs that have no record waiting. */
  get emptyInputs(): readonly RecordQueue[] {
    return this.#group.empty;
  }

  /** The queue of one of its inputs; undefined where it does not read that topic. */
  input(topic: string): RecordQueue | undefined {
    return this.#group.queue(topic, this.partition);
  }

  /** Whether it reads a topic, given by its full name. */
  reads(topic: string): boolean {
    return this.#group.queue(topic, this.partition) !== undefined;
  }

  /** Begins to read a topic that was not there when the task was made: one that matches a source's pattern. */
  addInput(topic: string): void {
    const queue = this.#queueOf({ topic, partition: this.partition });
    queue.step = (this.#graph as ProcessorGraph).source(queue.source.name);
    this.#group.addQueue(queue);
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

  /**
   * Processes the next record; false where none waits, or none is taken until calls are answered. An error
   * leaves the task unusable.
   */
  process(): boolean {
    if (this.asyncWork.isFull) return false;
    const message = this.#group.next();
    if (!message) return false;
    const queue = this.#group.last as RecordQueue;
    const { topic, partition, source } = queue;
    this.#scope.begin(topic, partition, queue.lastOffset, message.timestamp, message.headers);
    this.#scope.node = source.name;
    this.needsCommit = true;
    try {
      queue.step(message);
    } catch (cause) {
      throw this.#failed(cause);
    }
    return true;
  }

  /**
   * Processes up to `limit` records, with the punctuations that stream time and the answers to calls make due;
   * gives how many. Ends before that where another input runs out of records than had at the start.
   */
  processSome(limit: number): number {
    const group = this.#group;
    const { emptyCount } = group;
    if (this.asyncWork.hasReady) this.asyncWork.release();
    let count = 0;
    while (count < limit && group.emptyCount <= emptyCount && this.process()) {
      count += 1;
      if (group.streamTime >= this.#byStreamTime.dueAt) this.punctuateStreamTime();
      if (this.asyncWork.hasReady) this.asyncWork.release();
    }
    return count;
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
    this.flushSome(Number.POSITIVE_INFINITY);
  }

  /**
   * The same for at most so many rows; gives whether all is written. Until it is, no record may be processed,
   * which would be committed without the rows that it leads to.
   */
  flushSome(maxRows: number): boolean {
    this.#scope.beginAt(this.#options.wallClock());
    try {
      const isDone = this.#flush.some(maxRows);
      this.#scope.beginAt(-1);
      return isDone;
    } catch (cause) {
      throw this.#failed(cause);
    }
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
    this.asyncWork.close();
    try {
      this.#graph?.close();
    } finally {
      for (const { store } of this.stores.values()) store.close();
      this.#group.clear();
    }
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

  readonly #reenter: Reenter = (node, message, metadata, run) => {
    const { topic, partition = -1, offset = -1 } = metadata ?? {};
    this.#scope.begin(topic, partition, offset, message.timestamp, message.headers);
    this.#scope.node = node;
    this.needsCommit = true;
    try {
      run();
    } catch (cause) {
      this.#nodeFailed(cause, node, message);
    }
  };

  readonly #punctuate = (node: string, timestamp: number, run: (timestamp: number) => void) => {
    this.#scope.beginAt(timestamp);
    this.#scope.node = node;
    this.needsCommit = true;
    try {
      run(timestamp);
    } catch (cause) {
      this.#nodeFailed(cause, node, undefined);
    }
  };

  readonly #nodeFailed: NodeFailure = (error, node, message) => {
    const decide = this.#options.onProcessingFailure;
    const { taskId } = this;
    const record = this.#scope.metadata();
    if (isFinal(error) || !decide) throw this.#failed(error);
    if (decide({ error, node, taskId, message, record }) === "fail") throw this.#failed(error);
    this.#options.onDropped?.({ taskId, node, record, reason: { why: "processing" } });
  };

  #failed(cause: unknown): MillraceError {
    if (isFinal(cause)) return cause;
    const { node } = this.#scope;
    const record = this.#scope.metadata();
    const place = record
      ? `the record of ${record.topic}-${record.partition} at offset ${record.offset}`
      : "a punctuation or a commit";
    const message = `${node} of task ${this.taskId} failed at ${place}: ${reasonOf(cause)}`;
    return new MillraceError("PROCESSING_FAILED", message, { cause });
  }

  #queueOf(input: TaskOptions["inputs"][number]): RecordQueue {
    const { taskId } = this;
    return inputQueue(input, this.#options, ({ name }, { metadata }) => {
      // Its offset is to be committed, though nothing was processed.
      this.needsCommit = true;
      const reason: DropReason = { why: "deserialization" };
      this.#options.onDropped?.({ taskId, node: name, record: metadata, reason });
    });
  }

  #openStore(entry: StoreEntry): OpenStore<StateStore> {
    const { plan, memory, persistent, engines, cache, output } = this.#options;
    const { builder, isLogged, sourceTopic } = entry;
    const topic = plan.changelogOf(entry);
    const isOwnChangelog = isLogged && sourceTopic === undefined && topic !== undefined;
    return builder.open({
      task: this,
      memory,
      persistent: engines?.get(builder.engine?.name ?? "") ?? persistent,
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

/** Whether an error has been decided on: the nodes above one that failed do not decide again. */
function isFinal(error: unknown): error is MillraceError {
  if (!(error instanceof MillraceError)) return false;
  return error.code === "PROCESSING_FAILED" || error.code === "PRODUCTION_FAILED";
}
