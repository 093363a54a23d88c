import { Client, type PartitionLag } from "../../client/index.ts";
import type { Timer } from "../../clock.ts";
import { MillraceError, reasonOf, TopologyError } from "../../errors.ts";
import {
  type StoreHandle,
  type StoreOf,
  type StoreTypes,
  storeNameOf,
  type UntypedName,
} from "../dsl/store-handle.ts";
import { SharedCacheBudget } from "../stores/cache-budget.ts";
import type { ReadOnlyStore, StateStore } from "../stores/state-store.ts";
import type { Topology } from "../topology.ts";
import { builderOf } from "../topology-builder.ts";
import { checkAsyncLimit } from "./async-limit.ts";
import { type DroppedCount, DroppedRecords } from "./dropped-records.ts";
import { GlobalReader } from "./global-reader.ts";
import { InstanceState, type OnStateChange, type StreamsState } from "./instance-state.ts";
import { InternalTopics } from "./internal-topics.ts";
import { LocalOffsets } from "./local-offsets.ts";
import { StateDirectory } from "./state-directory.ts";
import { storeView } from "./store-view.ts";
import { StreamThread } from "./stream-thread.ts";
import { StreamsAssignor } from "./streams-assignor.ts";
import { type StreamsConfig, type StreamsSettings, settingsOf } from "./streams-config.ts";
import type { StreamsMetrics } from "./streams-metrics.ts";
import type { OutOfOrder } from "./task-options.ts";
import { TopologyPlan } from "./topology-plan.ts";

/** How an application is closed. */
export interface StreamsCloseOptions {
  /** How long the last commit and all else may take, in milliseconds; 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether the other instances get this one's tasks at once; false for one that will be back before its session
   * is over (KIP-812). True by default, but for static members (`consumer.groupInstanceId`), which keep theirs.
   */
  readonly leaveGroup?: boolean | undefined;
}

const defaultCloseMs = 30_000;
const leastCleanupMs = 1_000;
/** The consumer's own default: so long a rebalance waits for a member that gives tasks up. */
const defaultRebalanceMs = 300_000;

/**
 * Runs a topology on a Kafka cluster, together with the other instances of the same `applicationId`: each
 * gets a part of the tasks, and takes over those of others that end or fail. Every record counts at least once.
 *
 * ```ts
 * await using app = new KafkaStreams(builder.build(), {
 *   applicationId: "word-count",
 *   bootstrapServers: "localhost:9092",
 * });
 * await app.start();
 * await app.untilRunning();
 * ```
 */
export class KafkaStreams<Stores extends StoreTypes = StoreTypes> {
  readonly topology: Topology<Stores>;
  readonly #settings: StreamsSettings;
  readonly #dropped: DroppedRecords;
  readonly #plan: TopologyPlan;
  readonly #state = new InstanceState();
  /** Undefined where nothing is to be cached. */
  readonly #cache: SharedCacheBudget | undefined;
  readonly #clients: Client[];
  #directory: StateDirectory | undefined;
  #global: GlobalReader | undefined;
  #thread: StreamThread | undefined;
  #starting: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #end = { timeoutMs: defaultCloseMs, leave: undefined as boolean | undefined };
  #cleaning: Timer | undefined;
  readonly #abort = new AbortController();

  /** Throws `INVALID_ARGUMENT` for settings that cannot be, and `TopologyError` for a topology that cannot run. */
  constructor(topology: Topology<Stores>, config: StreamsConfig) {
    const builder = builderOf(topology);
    if (builder.nodes.size === 0) {
      const message = "the topology has nothing in it: add a source first";
      throw new TopologyError("INVALID_TOPOLOGY", message);
    }
    this.topology = topology;
    const settings = settingsOf(config);
    this.#clients = [new Client(settings.client)];
    this.#dropped = new DroppedRecords(settings);
    this.#settings = { ...settings, onDropped: this.#dropped.note };
    const { applicationId, windowstoreChangelogAdditionalRetentionMs } = this.#settings;
    const additionalRetention = windowstoreChangelogAdditionalRetentionMs;
    this.#plan = new TopologyPlan(builder, applicationId, { additionalRetention });
    const { statestoreCacheMaxBytes } = this.#settings;
    if (statestoreCacheMaxBytes > 0) this.#cache = new SharedCacheBudget(statestoreCacheMaxBytes);
    const { rebalanceTimeoutMs: limitMs = defaultRebalanceMs } = this.#settings.consumer;
    checkAsyncLimit(builder, { setting: "consumer.rebalanceTimeoutMs", limitMs });
  }

  get state(): StreamsState {
    return this.#state.current;
  }

  /** What stopped the application; undefined unless its state is "pending-error" or "error". */
  get error(): unknown {
    return this.#state.error;
  }

  /** Tells a listener of each change of state from now on; gives a function that ends that. */
  onStateChange(listener: OnStateChange): () => void {
    return this.#state.listen(listener);
  }

  /**
   * Sees to the internal topics, brings global stores up to date, and joins the group; resolves when the work has
   * begun, though stores may still be restored: see {@link untilRunning}. Rejects with what stands in the way,
   * such as MISSING_SOURCE_TOPIC, STATE_DIRECTORY_LOCKED or NOT_COPARTITIONED, and after a minute with TIMED_OUT where
   * no broker answers; the state is "error" then.
   */
  start(): Promise<void> {
    if (this.#starting || this.#state.current !== "created") {
      const message =
        "an application can be started once: make another KafkaStreams to run it again";
      return Promise.reject(new MillraceError("INVALID_STATE", message));
    }
    this.#state.become("rebalancing");
    this.#starting = this.#start();
    return this.#starting;
  }

  /**
   * Resolves when all tasks of this instance run, at once if they do; rejects with what stops the application before,
   * and with INVALID_STATE where it was not started.
   */
  untilRunning(): Promise<void> {
    if (this.#state.current === "created") {
      const message = "the application was not started: call start() first";
      return Promise.reject(new MillraceError("INVALID_STATE", message));
    }
    return this.#state.until(["running"], () => {
      const message = "the application was closed before it ran";
      return this.#state.error ?? new MillraceError("CLOSED", message);
    });
  }

  /** Resolves when the application has been closed; rejects with what stopped it. */
  untilStopped(): Promise<void> {
    return this.#state.until(["not-running"], () => this.#state.error);
  }

  /** How many records this instance has dropped on their way since it was made, by task, node and reason. */
  droppedRecords(): DroppedCount[] {
    return this.#dropped.counts();
  }

  /** How many records came out of the order of their times, for each task that is here, and how late they were. */
  outOfOrderRecords(): OutOfOrder[] {
    return (this.#thread?.registry.running ?? []).map(({ task }) => task.outOfOrder);
  }

  /** How far behind the inputs of this instance's tasks are, as far as that is known. */
  lag(): PartitionLag[] {
    return this.#thread?.lag() ?? [];
  }

  /** What this instance has done so far, and where it stands. */
  metrics(): StreamsMetrics {
    return {
      state: this.state,
      cacheBytes: this.#cache?.takenBytes ?? 0,
      dropped: this.droppedRecords(),
      thread: this.#thread?.metrics(),
    };
  }

  /**
   * What this instance's tasks have of a store, or a global store, for reading: by the table that has it, by its
   * builder, or by its name. A read sees what has been processed so far; ranges go through one partition after
   * the other. Throws UNKNOWN_STORE where the topology has no such store; reads throw INVALID_STATE while
   * tasks come and go or are being restored, and where none of them is here.
   */
  store<Handle extends StoreHandle>(store: Handle): ReadOnlyStore<StoreOf<Handle>>;
  store<S extends StateStore>(name: UntypedName<Stores>): ReadOnlyStore<S>;
  store<Name extends keyof Stores & string>(name: Name): ReadOnlyStore<Stores[Name]>;
  store(store: StoreHandle | string): unknown {
    const name = storeNameOf(store);
    const { stores, globalStores } = this.topology.builder;
    const entry = stores.get(name ?? "") ?? globalStores.get(name ?? "");
    if (name === undefined || !entry) {
      const message = `the topology has no store ${name ?? "for that table: give it one by `store`"}`;
      throw new TopologyError("UNKNOWN_STORE", message);
    }
    return storeView(entry.builder.kind, () => this.#localStores(name));
  }

  /**
   * Commits what was processed, gives the tasks up, and closes everything. May be called twice; after an error
   * it resolves once all is closed.
   */
  close({ timeoutMs = defaultCloseMs, leaveGroup }: StreamsCloseOptions = {}): Promise<void> {
    this.#end = { timeoutMs, leave: leaveGroup };
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Removes this instance's local state, which is restored from the changelogs when it is started again. Throws
   * INVALID_STATE while it runs.
   */
  cleanUp(): void {
    if (!["created", "not-running", "error"].includes(this.#state.current)) {
      const message = `local state cannot be removed while the application is ${this.#state.current}: close it first`;
      throw new MillraceError("INVALID_STATE", message);
    }
    using directory = this.#openDirectory();
    directory.clear();
  }

  /** A store in all tasks that are here. */
  #localStores(name: string): StateStore[] {
    const isGlobal = this.topology.builder.globalStores.has(name);
    if (this.#state.current !== "running" && !(isGlobal && this.#state.current === "rebalancing")) {
      const message = `the store ${name} cannot be read while the application is ${this.#state.current}: try again later`;
      throw new MillraceError("INVALID_STATE", message);
    }
    const global = this.#global?.stores.get(name);
    const tasks = this.#thread?.registry.running ?? [];
    const local = tasks.flatMap(({ task }) => task.stores.get(name)?.store ?? []);
    const found = global ? [global] : local;
    if (found.length > 0) return found;
    const message = `no task of this instance has the store ${name}: ask another instance`;
    throw new MillraceError("INVALID_STATE", message);
  }

  async #start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
  }

  async #open(): Promise<void> {
    const settings = this.#settings;
    const plan = this.#plan;
    const { signal } = this.#abort;
    const [client] = this.#clients as [Client];
    const directory = this.#openDirectory();
    this.#directory = directory;
    const internalTopics = new InternalTopics({ admin: client.admin(), plan, ...settings });
    await internalTopics.ensure({ signal });
    const onFailure = (error: unknown) => void this.#fail(error);
    if (plan.builder.globalStores.size > 0) {
      const parts = { client, plan, settings, directory, onFailure };
      this.#global = await GlobalReader.start(parts, { signal });
    }
    if (plan.subtopologies().length === 0) {
      this.#state.become("running");
      return;
    }
    const offsets = await LocalOffsets.read(directory, plan, settings.storeEngine);
    if (signal.aborted) return;
    const producerClient = new Client(settings.producerClient);
    this.#clients.push(producerClient);
    this.#thread = new StreamThread({
      settings,
      plan,
      client,
      producerClient,
      directory,
      assignor: new StreamsAssignor({
        plan,
        processId: directory.processId,
        internalTopics,
        taskOffsets: () => offsets.sums,
        acceptableRecoveryLag: settings.acceptableRecoveryLag,
        logger: settings.logger,
      }),
      cache: this.#cache,
      globalStores: this.#global?.stores ?? new Map(),
      onState: (state) => void this.#state.become(state),
      onClosed: (task) => offsets.note(task.id, task.states),
    });
    this.#removeObsolete();
    this.#running = this.#thread.run();
    this.#running.catch((error) => this.#fail(error));
  }

  /** Removes now and then the state of tasks that have run elsewhere for long. */
  #removeObsolete(): void {
    const { stateCleanupDelayMs, host, logger } = this.#settings;
    this.#cleaning = host.clock.after(Math.max(stateCleanupDelayMs, leastCleanupMs), () => {
      try {
        this.#directory?.removeObsolete(stateCleanupDelayMs);
      } catch (error) {
        const fields = { error: reasonOf(error) };
        logger.warn(fields, "local state that is not used could not be removed");
      }
      this.#removeObsolete();
    });
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#state.isEnding) return;
    this.#state.error = error;
    this.#state.become("pending-error");
    const { logger, applicationId } = this.#settings;
    logger.error({ applicationId, error }, `the application stops: ${reasonOf(error)}`);
    this.#thread?.stop(this.#end);
    await this.#release();
    this.#state.become("error");
  }

  async #close(): Promise<void> {
    if (!this.#state.become("pending-shutdown")) {
      await this.#state.until(["not-running", "error"], () => undefined);
      return;
    }
    this.#abort.abort(new MillraceError("CLOSED", "the application was closed"));
    await this.#starting?.catch(() => {});
    this.#thread?.stop(this.#end);
    try {
      await this.#running;
    } finally {
      await this.#release();
      this.#state.become("not-running");
    }
  }

  /** Closes all that is not the thread's. */
  async #release(): Promise<void> {
    this.#cleaning?.cancel();
    await this.#running?.catch(() => {});
    await this.#global?.close().catch(() => {});
    for (const client of this.#clients) await client.close().catch(() => {});
    this.#directory?.close();
  }

  #openDirectory(): StateDirectory {
    const { stateDir: path, disk, host, logger, storeEngine } = this.#settings;
    const { stores, globalStores } = this.#plan.builder;
    const all = [...stores.values(), ...globalStores.values()];
    const isPersistent = all.some(({ builder }) => {
      return (builder.engine ?? storeEngine).isPersistent && builder.isPersistent;
    });
    return StateDirectory.open({ path, disk, isPersistent, logger, ...host });
  }
}
