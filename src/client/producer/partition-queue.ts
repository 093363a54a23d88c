import { advanceSequence } from "../../protocol/index.ts";
import type { Batch } from "./batch.ts";
import type { Identities, ProducerIdentity } from "./identity.ts";
import type { Verdict } from "./verdict.ts";

/** How the batches of a partition may travel. */
export interface QueueRules {
  /**
   * How many batches may be on their way at once. The broker remembers the last five of an idempotent
   * producer; without idempotence it must be 1, or a retry would overtake.
   */
  readonly maxInFlight: number;
  /** Where sequence numbers come from; undefined without idempotence. */
  readonly identities: Identities | undefined;
  /** Whether a gap ends the transaction rather than being closed by a new epoch. */
  readonly isTransactional: boolean;
}

/** What is to be done with a batch whose answer has come; `over` stands for nothing: it had its delivery. */
export type Settlement = "written" | "again" | "split" | "failed" | "over";

/**
 * The batches of one partition, from the open one to those on their way, and the sequence numbers that
 * keep them in order. Pure: it is told the time and what the broker answered.
 *
 * Invariant: nothing new is numbered while `retries` has batches or one of them is on its way: what
 * failed goes again first, one at a time, in its order.
 */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** The batch that takes records; full ones move on. */
  open: Batch | undefined;
  /** Whether the open batch is to go although it is not full. */
  isOpenDue = false;
  /** Why the last attempt to send failed; undefined after a success. Kept by the sender. */
  trouble: Error | undefined;
  /** Whether a broker's list of ready queues has this one; kept by the sender. */
  isListed = false;
  /** One behind the last offset that records were acknowledged at; −1 while none is known. */
  writtenEnd = -1;

  readonly #rules: QueueRules;
  readonly #closed: Batch[] = [];
  /** Sent before, to be sent again: by their order. */
  readonly #retries: Batch[] = [];
  readonly #inFlight: Batch[] = [];
  #identity: ProducerIdentity | undefined;
  #nextSequence = 0;
  #nextOrder = 0;
  /**
   * Whether the broker has accepted a batch of this producer. Before, it would take a batch with any
   * sequence number, so that one could overtake another that failed.
   */
  #isEstablished = false;
  /** The order of the last batch that the broker has accepted: it has all numbered batches before it too. */
  #acceptedOrder = -1;
  /** The order of the last numbered batch that was given up, perhaps after it was written; −1 for none. */
  #doubtfulOrder = -1;
  #mustRenumber = false;
  #blockedUntil = Number.NEGATIVE_INFINITY;

  constructor(topic: string, partition: number, rules: QueueRules) {
    this.topic = topic;
    this.partition = partition;
    this.#rules = rules;
  }

  /** Whether there is something to send, though perhaps not yet. */
  get hasWork(): boolean {
    return (
      this.#retries.length > 0 ||
      this.#closed.length > 0 ||
      (this.open !== undefined && this.isOpenDue)
    );
  }

  /** How many batches wait to be sent. */
  get backlog(): number {
    return this.#closed.length + this.#retries.length;
  }

  /** Whether batches are on their way. */
  get isInFlight(): boolean {
    return this.#inFlight.length > 0;
  }

  /** Whether a batch was given up that may be in the log, so that the next sequence number is uncertain. */
  get isDoubtful(): boolean {
    const isPresent = this.#identity === this.#rules.identities?.identity;
    return this.#doubtfulOrder >= 0 && isPresent;
  }

  /** Until when nothing is sent after a failure, by the clock's `elapsed`. */
  get blockedUntil(): number {
    return this.#blockedUntil;
  }

  /** How large the next batch to be sent is, before compression. */
  get nextSizeInBytes(): number {
    const next = this.#retries[0] ?? this.#closed[0] ?? this.open;
    return next?.sizeInBytes ?? 0;
  }

  /** Puts the open batch among those that take no more records. */
  closeOpen(): void {
    if (this.open) this.#closed.push(this.open);
    this.open = undefined;
    this.isOpenDue = false;
  }

  /** Gives the next batch to be sent, numbered; undefined while there is none, or none that may go. */
  take(now: number): Batch | undefined {
    if (now < this.#blockedUntil) return undefined;
    const batch = this.#retries.length > 0 ? this.#takeAgain() : this.#takeNew();
    if (batch === undefined) return undefined;
    batch.sends += 1;
    this.#inFlight.push(batch);
    return batch;
  }

  /** Takes in what the answer means for a batch on its way; nothing is sent again before `retryAt`. */
  settle(batch: Batch, verdict: Verdict, retryAt: number): Settlement {
    remove(this.#inFlight, batch);
    switch (verdict) {
      case "written":
        this.#isEstablished = this.#identity !== undefined;
        this.#acceptedOrder = Math.max(this.#acceptedOrder, batch.order);
        if (batch.order >= this.#doubtfulOrder) this.#doubtfulOrder = -1;
        return batch.isDone ? "over" : "written";
      case "again":
        this.#blockedUntil = retryAt;
        return this.#again(batch);
      case "gap":
        return this.#closeGap(batch, retryAt);
      case "split":
        if (!batch.isDone) return "split";
        this.#doubt(batch);
        return "over";
      case "failed":
        this.#doubt(batch);
        return batch.isDone ? "over" : "failed";
      default:
        verdict satisfies never;
        throw new TypeError(`there is no verdict ${verdict}`);
    }
  }

  /** Sends again at once: the partition has a new leader. */
  unblock(): void {
    this.#blockedUntil = Number.NEGATIVE_INFINITY;
  }

  /** Queues the parts of a batch that was split, in its place. */
  requeue(parts: readonly Batch[]): void {
    for (const part of parts) this.#insert(part);
  }

  /** Gives up a batch whose time is over. One that is on its way stays there until it is settled. */
  expire(batch: Batch): void {
    if (this.open === batch) {
      this.open = undefined;
      this.isOpenDue = false;
    }
    remove(this.#closed, batch);
    remove(this.#retries, batch);
    if (batch.order >= 0) this.#doubt(batch);
  }

  /** Gives up all that is not on its way, in order. */
  abandon(): Batch[] {
    this.closeOpen();
    const retries = this.#retries.splice(0);
    for (const batch of retries) this.#doubt(batch);
    this.#mustRenumber = false;
    return [...retries, ...this.#closed.splice(0)];
  }

  #takeAgain(): Batch | undefined {
    if (this.#inFlight.length > 0) return undefined;
    if (this.#mustRenumber && !this.#renumber()) return undefined;
    return this.#retries.shift();
  }

  #takeNew(): Batch | undefined {
    const hasNew = this.#closed.length > 0 || (this.open !== undefined && this.isOpenDue);
    if (!hasNew) return undefined;
    const { identities, maxInFlight } = this.#rules;
    const limit = identities === undefined || this.#isEstablished ? maxInFlight : 1;
    if (this.#inFlight.length >= limit || this.#inFlight.some(isRetry)) return undefined;
    if (identities !== undefined && !this.#canNumber(identities)) return undefined;
    if (this.#closed.length === 0) this.closeOpen();
    const batch = this.#closed.shift() as Batch;
    batch.order = this.#nextOrder;
    this.#nextOrder += 1;
    if (this.#identity) this.#number(batch, this.#identity);
    return batch;
  }

  /** Takes up a newer identity, or a newer epoch where numbers are in doubt, once nothing is on its way. */
  #canNumber(identities: Identities): boolean {
    const { identity } = identities;
    if (identity === undefined) return false;
    const isStale = identity !== this.#identity;
    if (!isStale && this.#doubtfulOrder < 0) return true;
    if (this.#inFlight.length > 0) return false;
    const next = isStale ? identity : identities.newerThan(identity);
    if (next === undefined) return false;
    this.#beginAnew(next);
    return true;
  }

  /** Numbers what is to be sent again under a new epoch. None of it was written: see {@link #closeGap}. */
  #renumber(): boolean {
    const next = this.#rules.identities?.newerThan(this.#identity as ProducerIdentity);
    if (next === undefined) return false;
    this.#beginAnew(next);
    for (const batch of this.#retries) this.#number(batch, next);
    return true;
  }

  #beginAnew(identity: ProducerIdentity): void {
    if (identity.producerId !== this.#identity?.producerId) this.#isEstablished = false;
    this.#identity = identity;
    this.#nextSequence = 0;
    this.#doubtfulOrder = -1;
    this.#mustRenumber = false;
  }

  #number(batch: Batch, identity: ProducerIdentity): void {
    batch.number(identity, this.#nextSequence);
    this.#nextSequence = advanceSequence(this.#nextSequence, batch.count);
  }

  /**
   * A gap before a batch is natural while an earlier one has yet to arrive. Where a later one has been
   * accepted, the batch is there already, though the broker no longer remembers. Otherwise the broker
   * has lost records or never had the doubtful ones; as it refuses this batch, it has none of the later
   * ones either, and all can be numbered anew (KIP-360).
   */
  #closeGap(batch: Batch, retryAt: number): Settlement {
    if (batch.order < this.#acceptedOrder) return batch.isDone ? "over" : "written";
    const isBefore = ({ order }: Batch) => order < batch.order;
    if (this.#inFlight.some(isBefore) || this.#retries.some(isBefore)) return this.#again(batch);
    if (this.#identity === undefined || this.#rules.isTransactional) {
      this.#doubt(batch);
      return batch.isDone ? "over" : "failed";
    }
    if (batch.isDone) return "over";
    this.#mustRenumber = true;
    this.#blockedUntil = retryAt;
    return this.#again(batch);
  }

  #again(batch: Batch): Settlement {
    if (batch.isDone) return "over";
    this.#insert(batch);
    return "again";
  }

  #insert(batch: Batch): void {
    let at = this.#retries.length;
    while (at > 0 && (this.#retries[at - 1] as Batch).order > batch.order) at -= 1;
    this.#retries.splice(at, 0, batch);
  }

  #doubt(batch: Batch): void {
    const isNumbered = this.#identity !== undefined && batch.order > this.#acceptedOrder;
    if (isNumbered) this.#doubtfulOrder = Math.max(this.#doubtfulOrder, batch.order);
  }
}

function isRetry({ sends }: Batch): boolean {
  return sends > 1;
}

function remove(batches: Batch[], batch: Batch): void {
  const at = batches.indexOf(batch);
  if (at >= 0) batches.splice(at, 1);
}
