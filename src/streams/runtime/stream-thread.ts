import type { Assignor, Client, Consumer, Producer, RebalanceEvent } from "../../client/index.ts";
import type { Timer } from "../../clock.ts";
import type { MillraceError } from "../../errors.ts";
import type { SharedCacheBudget } from "../stores/cache-budget.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { ActiveTask } from "./active-task.ts";
import { type CommitOutcome, commitTasks } from "./commit.ts";
import { ease } from "./ease.ts";
import { ProducerOutput } from "./producer-output.ts";
import { RepartitionPurge } from "./repartition-purge.ts";
import { Restoration } from "./restoration.ts";
import { Slice } from "./slice.ts";
import type { StateDirectory } from "./state-directory.ts";
import type { StreamsSettings } from "./streams-config.ts";
import type { ThreadMetrics } from "./streams-metrics.ts";
import { subscription } from "./subscription.ts";
import { TaskFactory } from "./task-factory.ts";
import { TaskFeed } from "./task-feed.ts";
import { TaskHandover } from "./task-handover.ts";
import { TaskRegistry } from "./task-registry.ts";
import { type ThreadEvent, ThreadInbox } from "./thread-inbox.ts";
import type { TopologyPlan } from "./topology-plan.ts";

/** What a {@link StreamThread} works with. */
export interface StreamThreadParts {
  readonly settings: StreamsSettings;
  readonly plan: TopologyPlan;
  readonly client: Client;
  /** For the producer, which may have topics created that are missing. */
  readonly producerClient: Client;
  readonly directory: StateDirectory;
  readonly assignor: Assignor;
  readonly cache: SharedCacheBudget | undefined;
  readonly globalStores: ReadonlyMap<string, StateStore>;
  /** Hears how the thread stands whenever that changes. */
  readonly onState: (state: ThreadState) => void;
  /** Hears of tasks that were closed, and how far their state goes. */
  readonly onClosed: (task: ActiveTask) => void;
}

/** "rebalancing" while tasks come and go, or are being restored. */
export type ThreadState = "rebalancing" | "running";

/** How a thread ends. */
export interface ThreadEnd {
  /** How long the last commit and all else may take. */
  readonly timeoutMs: number;
  /** Whether others get the partitions at once. */
  readonly leave: boolean | undefined;
}

/** So much may wait in tasks' states for a commit before one is made early, in bytes. */
const pendingBytesMax = 32 * 1024 * 1024;
/** For how long the group is left to itself after a commit that it was not ready for, in milliseconds. */
const postponedMs = 100;
/** How often a last commit is tried that a rebalance gets in the way of. */
const lastCommits = 3;

/**
 * The loop that an application's tasks run in: polls, processes in slices, punctuates, commits. Everything
 * that happens to tasks happens here, one thing after the other; what comes from outside waits in an inbox.
 */
export class StreamThread {
  readonly registry: TaskRegistry;
  readonly #parts: StreamThreadParts;
  readonly #consumer: Consumer;
  readonly #producer: Producer<never, never>;
  readonly #output: ProducerOutput;
  readonly #restoration: Restoration;
  readonly #factory: TaskFactory;
  readonly #inbox = new ThreadInbox();
  readonly #slice: Slice;
  readonly #feed: TaskFeed;
  readonly #handover: TaskHandover;
  readonly #purge: RepartitionPurge;
  #state: ThreadState = "rebalancing";
  /** When all tasks are to be committed next. */
  #commitAt: number;
  /** Before this moment, no commit is tried. */
  #postponedTo = 0;
  #commits = 0;
  #postponedCommits = 0;
  /** How it is to end; undefined while it is to go on. */
  #end: ThreadEnd | undefined;
  /** Aborts when the time to end is over: calls off whatever the thread waits for then. */
  readonly #late = new AbortController();
  #deadline: Timer | undefined;
  #endsBy = 0;
  #isOver = false;

  constructor(parts: StreamThreadParts) {
    const { settings, plan, client } = parts;
    const { clock } = settings.host;
    this.#parts = parts;
    this.#commitAt = clock.elapsed() + settings.commitIntervalMs;
    this.#producer = parts.producerClient.producer<never, never>({
      ...settings.producer,
      onBatchFailure: (error, batch) => this.#output.undelivered(error, batch),
    });
    this.#output = new ProducerOutput({
      producer: this.#producer,
      clock,
      onFailure: settings.productionExceptionHandler,
    });
    this.#factory = new TaskFactory({ ...parts, output: this.#output, wake: () => this.#wake() });
    this.#consumer = this.#newConsumer(subscription(plan));
    this.#restoration = new Restoration({ client, settings });
    this.registry = new TaskRegistry({
      ...parts,
      factory: this.#factory,
      restoration: this.#restoration,
      consumer: this.#consumer,
      signal: this.#late.signal,
      onRestored: (task, outcome) => this.#inbox.put({ about: "restored", task, outcome }),
    });
    const { registry } = this;
    const factory = this.#factory;
    const { bufferedRecordsPerPartition } = settings;
    this.#feed = new TaskFeed({
      consumer: this.#consumer,
      registry,
      factory,
      bufferedRecordsPerPartition,
      clock,
      late: this.#late.signal,
    });
    this.#handover = new TaskHandover({
      registry,
      factory,
      feed: this.#feed,
      commit: (tasks) => this.#commit(tasks, this.#late.signal),
    });
    this.#slice = new Slice(parts, (input) => this.#feed.lagOf(input));
    this.#purge = new RepartitionPurge({
      admin: client.admin(),
      intervalMs: settings.repartitionPurgeIntervalMs,
      isRepartitionTopic: (topic) => factory.isRepartitionTopic(topic),
      logger: settings.logger,
    });
  }

  /** Runs until it is stopped, or something fails, which it rejects with. All is closed by then. */
  async run(): Promise<void> {
    try {
      this.#consumer.start();
      while (!this.#end) await this.#round();
      await this.#commitLast();
    } catch (error) {
      await this.#close(0).catch(() => {});
      throw error;
    }
    await this.#close(Math.max(0, this.#endsBy - this.#now()));
  }

  /** Has the loop end after the slice it is at; what it waits for is called off when the time for that is over. */
  stop(end: ThreadEnd): void {
    if (this.#end || this.#isOver) return;
    const { clock } = this.#parts.settings.host;
    this.#end = end;
    this.#endsBy = this.#now() + end.timeoutMs;
    this.#deadline = clock.after(end.timeoutMs, () => this.#late.abort());
    this.#inbox.put({ about: "stop" });
  }

  /** How far behind the inputs of the thread's tasks are, as far as that is known. */
  lag(): ReturnType<Consumer["lag"]> {
    return this.#consumer.lag();
  }

  /** What the thread has done so far. */
  metrics(): ThreadMetrics {
    return {
      tasks: this.registry.all.map(({ task, state }) => ({
        taskId: task.taskId,
        state: state.name === "running" ? "running" : "restoring",
        streamTime: task.streamTime(),
      })),
      processedRecords: this.#slice.processed,
      commits: this.#commits,
      postponedCommits: this.#postponedCommits,
      recordsToRestore: this.#restoration.remaining,
      consumer: this.#consumer.metrics(),
      producer: this.#producer.metrics(),
    };
  }

  async #round(): Promise<void> {
    await this.#handleEvents();
    if (this.#end) return;
    const { registry } = this;
    const { arrival } = this.#inbox;
    if (this.#output.pressure) await ease(this.#output.pressure, arrival);
    else await this.#feed.fetch(this.#waitMs(), arrival);
    const isFree = () => this.#output.pressure === undefined;
    this.#slice.run(registry.running, isFree);
    this.#slice.punctuate(registry.running);
    this.#feed.resume();
    this.#output.check();
    await this.#commitDue();
  }

  /** For how long there is nothing to do but for what may come. */
  #waitMs(): number {
    const { pollMs } = this.#parts.settings;
    if (this.#slice.isBusy) return 0;
    const { running } = this.registry;
    const isDirty = running.some(({ task }) => task.needsCommit);
    const commitAt = Math.max(this.#commitAt, this.#postponedTo);
    const toCommit = isDirty ? commitAt - this.#now() : pollMs;
    return Math.max(0, Math.min(pollMs, toCommit, this.#slice.idleMs(running)));
  }

  async #commitDue(): Promise<void> {
    const { running } = this.registry;
    const now = this.#now();
    if (now < this.#postponedTo) return;
    const isDue = now >= this.#commitAt;
    const tasks = isDue ? running : running.filter(isUrgent);
    const outcome = await this.#commit(tasks, this.#inbox.interruption);
    if (outcome === "postponed") {
      this.#postponedTo = this.#now() + postponedMs;
      return;
    }
    if (isDue) this.#commitAt = now + this.#parts.settings.commitIntervalMs;
    if (tasks.length > 0) this.#purge.committed(tasks, this.#now());
  }

  /** Commits before the end; a rebalance that gets in the way is let through first. */
  async #commitLast(): Promise<void> {
    const late = this.#late.signal;
    for (let tries = 1; tries <= lastCommits && !late.aborted; tries += 1) {
      await this.#handleEvents();
      const signal = AbortSignal.any([this.#inbox.interruption, late]);
      if ((await this.#commit(this.registry.running, signal)) === "committed") return;
    }
    const { logger, applicationId } = this.#parts.settings;
    logger.warn({ applicationId }, "the last commit was in vain: records will be processed again");
  }

  async #commit(tasks: readonly ActiveTask[], signal: AbortSignal): Promise<CommitOutcome> {
    const due = tasks.filter(({ task }) => task.needsCommit || task.isCommitRequested);
    if (due.length === 0) return "committed";
    const { clock } = this.#parts.settings.host;
    const parts = { consumer: this.#consumer, output: this.#output, clock, signal };
    const outcome = await commitTasks(due, parts);
    if (outcome === "committed") this.#commits += 1;
    else this.#postponedCommits += 1;
    return outcome;
  }

  async #handleEvents(): Promise<void> {
    for (let event = this.#inbox.take(); event; event = this.#inbox.take()) {
      try {
        await this.#handle(event);
      } catch (error) {
        // The time to end is over: what the event has begun is closed with all else.
        if (!this.#late.signal.aborted || (error as MillraceError).code !== "ABORTED") throw error;
      } finally {
        if (event.about === "rebalance") event.done();
      }
      if (event.about === "wake" || event.about === "stop") continue;
      this.#become(this.registry.isRestoring ? "rebalancing" : "running");
    }
  }

  async #handle(event: ThreadEvent): Promise<void> {
    switch (event.about) {
      case "rebalance":
        this.#become("rebalancing");
        return this.#handover.carryOut(event.event);
      case "restored":
        return this.#restored(event);
      case "nothing-new":
      case "stop":
      case "wake":
        return;
      default:
        event satisfies never;
    }
  }

  async #restored({ task, outcome }: Extract<ThreadEvent, { about: "restored" }>): Promise<void> {
    if (task.state.name === "closed") return;
    if (outcome === "restored") this.registry.restored(task);
    else if (outcome === "stale") await this.registry.startOver(task);
    else throw outcome.error;
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#output.close();
    for (let event = this.#inbox.take(); event; event = this.#inbox.take()) {
      if (event.about === "rebalance") event.done();
    }
    const results = await Promise.allSettled([
      this.registry.close(this.registry.all),
      this.#restoration.close(),
      this.#consumer.close({
        leave: this.#end?.leave,
        timeoutMs: Math.max(timeoutMs, leastCloseMs),
      }),
      this.#producer.close({ timeoutMs }),
    ]);
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  #newConsumer(topics: readonly string[] | RegExp): Consumer {
    const { settings, plan, client, assignor } = this.#parts;
    return client.consumer({
      ...settings.consumer,
      topics,
      groupId: settings.applicationId,
      enableAutoCommit: false,
      assignors: [this.#heard(assignor)],
      reuseBuffers: keepsNoBytes(plan),
      onRebalance: (event) => this.#onRebalance(event),
    });
  }

  /** The assignor, whose word that there is nothing new for this member the consumer does not pass on. */
  #heard(assignor: Assignor): Assignor {
    return {
      name: assignor.name,
      protocols: assignor.protocols,
      subscriptionUserData: (topics, previous) =>
        assignor.subscriptionUserData?.(topics, previous) ?? null,
      assign: (topics, members) => assignor.assign(topics, members),
      onAssignment: (assignment, group) => {
        assignor.onAssignment?.(assignment, group);
        const isNew = assignment.partitions.some((one) => !this.registry.reader(one));
        if (!isNew) this.#inbox.put({ about: "nothing-new" });
      },
    };
  }

  #onRebalance(event: RebalanceEvent): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    return new Promise((done) => this.#inbox.put({ about: "rebalance", event, done }));
  }

  #become(state: ThreadState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#parts.onState(state);
  }

  #wake(): void {
    this.#inbox.put({ about: "wake" });
  }

  #now(): number {
    return this.#parts.settings.host.clock.elapsed();
  }
}

/** Leaving the group takes a moment even where nothing else may. */
const leastCloseMs = 1_000;

function isUrgent({ task, states }: ActiveTask): boolean {
  return task.isCommitRequested || states.pendingBytes() > pendingBytesMax;
}

/** Whether no key or value is a slice of what was fetched, so that its memory can be used again. */
function keepsNoBytes({ builder }: TopologyPlan): boolean {
  return [...builder.nodes.values()].every(
    (node) => node.kind !== "source" || (node.key.copies === true && node.value.copies === true),
  );
}
