import { BrokerError, MillraceError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { type Bound, bounded } from "../deadline.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import type { TopicPartitionOffset } from "../topic-partition.ts";
import type { Identities, ProducerIdentity } from "./identity.ts";
import type { PartitionQueue } from "./partition-queue.ts";
import { severityOf, type TransactionRequest } from "./transaction-error.ts";
import type { TransactionRequests } from "./transaction-requests.ts";
import {
  nextState,
  notAllowed,
  type TransactionEvent,
  type TransactionOperation,
  type TransactionState,
} from "./transaction-state.ts";

/** What a transaction needs of its producer. */
export interface TransactionEvents {
  /** The state has changed: other operations are allowed now. */
  changed(state: TransactionState): void;
  /** Sends all that is pending; resolves when each record has had its delivery. */
  flush(): Promise<void>;
  /** Fails all that has not been sent. */
  abandon(error: MillraceError): void;
  /** Whether some partition's next sequence number is uncertain. */
  isDoubtful(): boolean;
  /** These partitions are part of the transaction now: their batches may go. */
  admitted(partitions: readonly PartitionQueue[]): void;
}

/**
 * The transactions of a producer, one after the other: their state, the producer's identity, and which
 * partitions take part. What is allowed when is decided by `nextState`; what an error means, by
 * `severityOf`.
 */
export class Transaction implements Identities {
  identity: ProducerIdentity | undefined;
  readonly #id: string;
  readonly #host: Host;
  readonly #requests: TransactionRequests;
  readonly #events: TransactionEvents;
  /** How long adding partitions may take, in milliseconds. */
  readonly #addTimeoutMs: number;
  #state: TransactionState = { name: "uninitialized" };
  /** Whether partitions join by being written to (KIP-890). */
  #isV2 = false;
  /** Whether the coordinator may know of the transaction, so that it has to be ended there. */
  #isStarted = false;
  /** Whether the next transaction needs a new epoch, which only `transaction.version` 2 gives by itself. */
  #needsBump = false;
  readonly #added = new Set<PartitionQueue>();
  readonly #toAdd = new Set<PartitionQueue>();
  #adding: Promise<void> | undefined;
  #offsets: Promise<void> = Promise.resolve();
  #underWay: { readonly name: TransactionOperation; readonly done: Promise<void> } | undefined;

  constructor(
    transactionalId: string,
    host: Host,
    requests: TransactionRequests,
    addTimeoutMs: number,
    events: TransactionEvents,
  ) {
    this.#id = transactionalId;
    this.#host = host;
    this.#requests = requests;
    this.#addTimeoutMs = addTimeoutMs;
    this.#events = events;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** The newest version of Produce that goes with the cluster's transactions. */
  get newestProduce(): number {
    return this.#isV2 ? Number.POSITIVE_INFINITY : newestProduceInV1;
  }

  /** A transaction has to be aborted before there is a new epoch: no partition gets one by itself. */
  newerThan(): undefined {
    return undefined;
  }

  /** Throws `INVALID_STATE` unless the operation is allowed now. */
  check(operation: TransactionOperation): void {
    nextState(this.#state, { name: operation });
  }

  /** Gets the identity, and fences every other producer with this transactional id. */
  init(bound: Bound): Promise<void> {
    this.check("init");
    if (this.#state.name === "ready") return Promise.resolve();
    return this.#run("init", bound, async () => {
      this.#move({ name: "init" });
      try {
        const { identity, isV2 } = await this.#requests.init(undefined, bound);
        this.identity = identity;
        this.#isV2 = isV2;
      } catch (error) {
        this.#move({ name: "uninitialized" });
        throw error;
      }
      this.#move({ name: "ready" });
    });
  }

  /** Begins a transaction; initializes first if need be. */
  async begin(bound: Bound): Promise<void> {
    this.check("begin");
    if (this.#state.name === "uninitialized") await this.init(bound);
    this.#move({ name: "begin" });
  }

  /** Takes note that a partition is about to be written to. */
  join(partition: PartitionQueue): void {
    if (this.#isV2) {
      this.#isStarted = true;
      return;
    }
    if (this.#added.has(partition) || this.#toAdd.has(partition)) return;
    this.#toAdd.add(partition);
    this.#addPartitions();
  }

  /** Why nothing more of the transaction is sent; undefined as long as it is. */
  get stopped(): MillraceError | undefined {
    const state = this.#state;
    if ("error" in state) return state.error;
    if (state.name !== "aborting") return undefined;
    const text = `the transaction of ${this.#id} was aborted before the record was sent`;
    return new MillraceError("TRANSACTION_ABORTED", text);
  }

  /** Whether the partition's batches may go. */
  admits(partition: PartitionQueue): boolean {
    return this.#isV2 || this.#added.has(partition);
  }

  /** Makes a group's offsets part of the transaction. */
  sendOffsets(
    offsets: readonly TopicPartitionOffset[],
    group: GroupMetadata,
    bound: Bound,
  ): Promise<void> {
    this.check("sendOffsets");
    if (offsets.length === 0) return Promise.resolve();
    const sent = this.#offsets.then(() => this.#sendOffsets(offsets, group, bound));
    this.#offsets = sent.catch(() => {});
    return bounded(this.#host.clock, sent, bound).catch((error) => {
      // It may or may not have come to the broker: such a transaction must not be committed.
      this.fail("commit-offsets", error);
      throw error;
    });
  }

  /** Commits: rejects with what went wrong if any record did, and then can only be aborted. */
  commit(bound: Bound): Promise<void> {
    this.check("commit");
    return this.#run("commit", bound, async () => {
      this.#move({ name: "commit" });
      await this.#events.flush();
      await this.#offsets;
      if (this.#state.name !== "committing") throw notAllowed(this.#state, "commit");
      await this.#end(true, bound);
      this.#move({ name: "ready" });
    });
  }

  /** Aborts: what was not sent fails with `TRANSACTION_ABORTED`. */
  abort(bound: Bound): Promise<void> {
    this.check("abort");
    return this.#run("abort", bound, async () => {
      this.#move({ name: "abort" });
      this.#events.abandon(this.stopped as MillraceError);
      await this.#events.flush();
      await this.#offsets;
      await this.#adding;
      if (this.#events.isDoubtful()) this.#needsBump = true;
      await this.#end(false, bound);
      this.#move({ name: "ready" });
    });
  }

  /** Takes note of an error that touches the transaction. */
  fail(request: TransactionRequest, error: MillraceError): void {
    const before = this.#state;
    const isFatal = severityOf(request, error) === "fatal";
    const reason = isFatal ? this.#explained(error) : error;
    this.#move({ name: "failed", error: reason, isFatal });
    if (this.#state === before) return;
    this.#needsBump = true;
    this.#events.abandon(reason);
  }

  /** Resolves once no operation is under way. */
  async settled(): Promise<void> {
    await this.#underWay?.done.catch(() => {});
  }

  /** Allows nothing more. */
  close(): void {
    this.#move({ name: "close" });
  }

  #move(event: TransactionEvent): void {
    this.#state = nextState(this.#state, event);
    this.#events.changed(this.#state);
  }

  /** Runs an operation within the caller's bound, after the one that may be under way. */
  #run(name: TransactionOperation, bound: Bound, run: () => Promise<void>): Promise<void> {
    const earlier = this.#underWay;
    const again = (error: unknown) => {
      // The same operation has the same outcome, unless it was given up by its caller: then it goes on.
      if (earlier?.name === name && !isGivenUp(error)) throw error;
      return run();
    };
    const next = earlier?.name === name ? () => {} : run;
    const done = (earlier ? earlier.done.then(next, again) : run()).finally(() => {
      if (this.#underWay?.done === done) this.#underWay = undefined;
    });
    this.#underWay = { name, done };
    return bounded(this.#host.clock, done, bound);
  }

  async #end(committed: boolean, bound: Bound): Promise<void> {
    const request = committed ? "commit" : "abort";
    try {
      if (this.#isStarted) await this.#tellCoordinator(committed, bound);
      if (this.#needsBump) await this.#bump(bound);
    } catch (error) {
      if (error instanceof BrokerError || isUnsupported(error)) {
        this.fail(request, error as MillraceError);
      }
      throw "error" in this.#state ? this.#state.error : error;
    }
    this.#isStarted = false;
    this.#added.clear();
    this.#toAdd.clear();
  }

  async #tellCoordinator(committed: boolean, bound: Bound): Promise<void> {
    const identity = this.identity as ProducerIdentity;
    const ended = await this.#requests.end(identity, committed, this.#isV2, bound);
    if (ended.identity) {
      this.identity = ended.identity;
      this.#needsBump = false;
    }
    // A cluster that has been upgraded wants the old epoch fenced before the new protocol begins.
    if (ended.isV2 !== this.#isV2) this.#needsBump = true;
    this.#isStarted = false;
  }

  async #bump(bound: Bound): Promise<void> {
    const { identity, isV2 } = await this.#requests.init(this.identity, bound);
    this.identity = identity;
    this.#isV2 = isV2;
    this.#needsBump = false;
  }

  #addPartitions(): void {
    this.#adding ??= this.#add().finally(() => {
      this.#adding = undefined;
      if (this.#toAdd.size > 0 && !this.stopped) this.#addPartitions();
    });
  }

  /** Adds partitions as long as there are new ones. */
  async #add(): Promise<void> {
    // Those that come in the same turn go together.
    await Promise.resolve();
    const attempt = `adding partitions to the transaction of ${this.#id}`;
    while (this.#toAdd.size > 0) {
      const partitions = [...this.#toAdd];
      this.#toAdd.clear();
      try {
        const bound = { attempt, timeoutMs: this.#addTimeoutMs };
        const identity = this.identity as ProducerIdentity;
        await this.#requests.addPartitions(identity, partitions, bound);
      } catch (error) {
        // Where there was no answer, the bump that follows ends what may have been begun.
        this.fail("add-partitions", error as MillraceError);
        return;
      }
      this.#isStarted = true;
      for (const partition of partitions) this.#added.add(partition);
      this.#events.admitted(partitions);
    }
  }

  async #sendOffsets(
    offsets: readonly TopicPartitionOffset[],
    group: GroupMetadata,
    bound: Bound,
  ): Promise<void> {
    if (this.stopped) throw this.stopped;
    const identity = this.identity as ProducerIdentity;
    try {
      if (!this.#isV2) await this.#requests.addOffsets(identity, group.groupId, bound);
      this.#isStarted = true;
    } catch (error) {
      this.fail("add-offsets", error as MillraceError);
      throw error;
    }
    await this.#requests.commitOffsets(identity, offsets, group, this.#isV2, bound);
  }

  /** Says what most likely lies behind an error that ends the producer. */
  #explained(error: MillraceError): MillraceError {
    const { code, message } = error;
    if (code === "PRODUCER_FENCED" || code === "INVALID_PRODUCER_EPOCH") {
      const text = `another producer with the transactional id ${this.#id} has taken over, or the transaction took longer than transactionTimeoutMs: close this one`;
      return new BrokerError("PRODUCER_FENCED", text, { cause: error });
    }
    if (code !== "INVALID_TXN_STATE") return error;
    const text = `${message}: the coordinator knows of no such transaction, most likely because it took longer than transactionTimeoutMs and was aborted; close the producer, and make a new one`;
    return new BrokerError(code, text, { cause: error });
  }
}

/** The last version of Produce for clients that add partitions to the transaction themselves. */
const newestProduceInV1 = 11;

function isGivenUp(error: unknown): boolean {
  return error instanceof MillraceError && (error.code === "TIMED_OUT" || error.code === "ABORTED");
}

function isUnsupported(error: unknown): boolean {
  return error instanceof MillraceError && error.code === "UNSUPPORTED_VERSION";
}
