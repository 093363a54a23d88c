import type { Client, Consumer, ConsumerBatch, TopicPartition } from "../../client/index.ts";
import { MillraceError } from "../../errors.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { StoreEntry } from "../topology-node.ts";
import { readFailure } from "./error-handlers.ts";
import { GlobalStates, type PartitionOffset } from "./global-states.ts";
import { GlobalTask, globalTaskId } from "./global-task.ts";
import { prepareBatch } from "./prepare-batch.ts";
import type { RawRecords } from "./record-queue.ts";
import type { StateDirectory } from "./state-directory.ts";
import type { StreamsSettings } from "./streams-config.ts";
import type { TopologyPlan } from "./topology-plan.ts";

/** What a {@link GlobalReader} works with. */
export interface GlobalReaderOptions {
  readonly client: Client;
  readonly plan: TopologyPlan;
  readonly settings: Pick<
    StreamsSettings,
    | "globalConsumer"
    | "storeEngine"
    | "configs"
    | "deserializationExceptionHandler"
    | "onDropped"
    | "host"
    | "logger"
  >;
  readonly directory: StateDirectory;
  /** Is told once if the stores can be kept up to date no longer. */
  readonly onFailure: (error: unknown) => void;
}

/** For how long records are taken in before the event loop has its turn, in milliseconds. */
const sliceMs = 4;
/** How many records are taken between two looks at the clock. */
const recordsPerLook = 64;
/** After how long without records the positions are looked at: a log can end in markers that nobody is given. */
const pollMs = 100;
/** What was taken in is committed once so many rows, or bytes of them, wait. */
const rowsPerCommit = 1_000;
const bytesPerCommit = 2 * 2 ** 20;

/**
 * Keeps the global stores of an application up to date: reads all partitions of their topics, first to their
 * ends, before anything else is processed, and then on and on (`GlobalStreamThread`). What persistent stores
 * have is not read again after a restart.
 */
export class GlobalReader {
  /** The stores, by their names, for tasks and queries to read. */
  readonly stores: ReadonlyMap<string, StateStore>;
  readonly #options: GlobalReaderOptions;
  readonly #task: GlobalTask;
  readonly #states: GlobalStates;
  readonly #consumer: Consumer;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Aborts when it is closed. */
  readonly #closed = new AbortController();
  #sliceEnd = 0;
  #uncommittedRows = 0;

  private constructor(options: GlobalReaderOptions, states: GlobalStates, consumer: Consumer) {
    const { plan, settings } = options;
    const { memory, persistent, engines } = states.states;
    this.#options = options;
    this.#states = states;
    this.#consumer = consumer;
    this.#task = new GlobalTask({
      plan,
      memory,
      persistent,
      engines,
      wallClock: () => settings.host.clock.now(),
      configs: settings.configs,
      onDropped: settings.onDropped,
      onReadFailure: readFailure(
        settings,
        globalTaskId,
        (topic) => this.#task.sourceOf(topic).name,
      ),
    });
    const stores = [...this.#task.stores].map(([name, { store }]) => [name, store] as const);
    this.stores = new Map(stores);
  }

  /**
   * Opens the stores and brings them up to date with the ends of their topics as of now. Rejects when the signal
   * aborts, when a topic is missing, or a processor throws.
   */
  static async start(
    options: GlobalReaderOptions,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<GlobalReader> {
    const { client, plan, settings } = options;
    const consumer = client.consumer({
      ...settings.globalConsumer,
      assignment: [],
      autoOffsetReset: "none",
      reuseBuffers: false,
    });
    let reader: GlobalReader | undefined;
    try {
      const stores = [...plan.builder.globalStores.values()];
      const topics = new Set(stores.flatMap(({ sourceTopic }) => sourceTopic ?? []));
      const partitions = await partitionsOf(consumer, [...topics], signal);
      const starts = await consumer.beginningOffsets(partitions, { signal });
      const ends = await consumer.endOffsets(partitions, { signal });
      const states = await statesFor(options, stores, starts, ends);
      try {
        reader = new GlobalReader(options, states, consumer);
      } catch (error) {
        await states.close();
        throw error;
      }
      await reader.#bootstrap(starts, ends, signal);
      return reader;
    } catch (error) {
      await (reader ?? consumer).close();
      throw error;
    }
  }

  /** Stops reading, commits, and closes the stores. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closed.abort();
    await this.#consumer.close();
    await this.#running;
    this.#task.close();
    await this.#states.close();
  }

  async #bootstrap(
    starts: readonly PartitionOffset[],
    ends: readonly PartitionOffset[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const consumer = this.#consumer;
    consumer.assign(starts.map(({ topic, partition }) => ({ topic, partition })));
    for (const { topic, partition, offset: start } of starts) {
      const offset = this.#states.offset({ topic, partition }) ?? start;
      consumer.seek({ topic, partition, offset });
    }
    const isBehind = () => ends.some((end) => (consumer.position(end) ?? 0) < end.offset);
    while (isBehind()) {
      if (signal?.aborted) {
        const message = "bringing the global stores up to date was aborted";
        throw new MillraceError("ABORTED", message, { cause: signal.reason });
      }
      await this.#round((...records) => this.#task.restore(...records), signal);
    }
    this.#commit();
    this.#running = this.#follow();
  }

  async #follow(): Promise<void> {
    try {
      while (!this.#closing) {
        await this.#round((...records) => this.#task.update(...records), this.#closed.signal);
        this.#commit();
      }
    } catch (error) {
      if (!this.#closing) this.#options.onFailure(error);
    }
  }

  /** Takes in what has come. */
  async #round(takeIn: TakeIn, signal: AbortSignal | undefined): Promise<void> {
    const batches = await this.#consumer.poll({ keep: true, timeoutMs: pollMs });
    for (const batch of batches) {
      try {
        await this.#take(batch, takeIn, signal);
      } finally {
        // Left, not given back: a serde may have kept parts of it as keys or values.
        batch.leave();
      }
    }
  }

  async #take(
    batch: ConsumerBatch,
    takeIn: TakeIn,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { clock } = this.#options.settings.host;
    const { topic, partition } = batch;
    const bound = { clock, signal };
    await prepareBatch(this.#task.sourceOf(topic), topic, () => batch.cursor(), bound);
    const slice = new Slice(batch.cursor(), () => clock.elapsed() >= this.#sliceEnd);
    while (!slice.isThrough && !this.#closing) {
      if (clock.elapsed() >= this.#sliceEnd) await this.#turn();
      slice.begin();
      takeIn(topic, partition, slice);
      this.#uncommittedRows += slice.count;
      this.#states.reached(batch, slice.isThrough ? batch.nextOffset : slice.record.offset + 1);
      const isFull = this.#states.states.pendingBytes() >= bytesPerCommit;
      if (this.#uncommittedRows >= rowsPerCommit || isFull) this.#commit();
    }
  }

  #commit(): void {
    if (this.#uncommittedRows === 0) return;
    this.#uncommittedRows = 0;
    this.#states.commit();
  }

  async #turn(): Promise<void> {
    const { clock } = this.#options.settings.host;
    await new Promise<void>((resolve) => clock.soon(resolve));
    this.#sliceEnd = clock.elapsed() + sliceMs;
  }
}

type TakeIn = (topic: string, partition: number, records: RawRecords) => void;

/** The records of a batch, as many at a time as there is time for. */
class Slice implements RawRecords {
  /** Whether the batch has no more. */
  isThrough = false;
  /** How many records were taken since the slice began. */
  count = 0;
  readonly #records: RawRecords;
  readonly #isOver: () => boolean;

  constructor(records: RawRecords, isOver: () => boolean) {
    this.#records = records;
    this.#isOver = isOver;
  }

  get record(): RawRecords["record"] {
    return this.#records.record;
  }

  begin(): void {
    this.count = 0;
  }

  next(): boolean {
    if (this.count > 0 && this.count % recordsPerLook === 0 && this.#isOver()) return false;
    if (this.#records.next()) {
      this.count += 1;
      return true;
    }
    this.isThrough = true;
    return false;
  }
}

/** Opens the states; what goes with topics that were made anew, or are deleted up to later, is removed first. */
async function statesFor(
  { settings, directory }: GlobalReaderOptions,
  stores: readonly StoreEntry[],
  starts: readonly PartitionOffset[],
  ends: readonly PartitionOffset[],
): Promise<GlobalStates> {
  const open = () => GlobalStates.open(stores, directory.globalDirectory(), settings.storeEngine);
  const states = await open();
  if (!states.isStale(starts, ends)) return states;
  const fields = { directory: directory.globalDirectory() };
  settings.logger.warn(fields, "the global stores do not go with their topics any more");
  await states.close();
  directory.removeGlobal();
  return open();
}

async function partitionsOf(
  consumer: Consumer,
  topics: readonly string[],
  signal: AbortSignal | undefined,
): Promise<TopicPartition[]> {
  const found = await Promise.all(
    topics.map(async (topic) => {
      const partitions = await consumer.partitionsFor(topic, { signal });
      return partitions.map(({ partition }) => ({ topic, partition }));
    }),
  );
  return found.flat();
}
