import { MillraceError, TopologyError } from "../../../errors.ts";
import type { AsyncCall, AsyncSettings } from "../../async-options.ts";
import type { Message, RecordMetadata } from "../../message.ts";
import type { NodeContext, Operator } from "../../node.ts";
import type { AsyncNode, AsyncWork, CallOrigin, Reenter } from "../../runtime/async-work.ts";
import type { Serde } from "../../serde.ts";
import { textOf, toBuffer } from "../../stores/byte-text.ts";
import { type CallPlace, Repetitions } from "./call-id.ts";
import { CallQueue } from "./call-queue.ts";
import { type CallTerms, PendingCall } from "./pending-call.ts";

/** What an async operator does: a part that waits, and a part of the task that goes on with what came of it. */
export interface AsyncStep<K, V, R> {
  /** Makes the call. May answer without a promise, so that nothing waits. */
  request(message: Message<K, V>, call: AsyncCall): R | PromiseLike<R>;
  /** Goes on with the result, under the record's own context. */
  process(message: Message<K, V>, result: R): void;
  close?(): void;
}

/** What an async operator is made with. */
export interface AsyncTerms<K, V, R> {
  readonly settings: AsyncSettings<K, V, R>;
  /** Tells keys apart that are objects. */
  readonly key: Serde<K> | undefined;
}

/** Makes an operator of steps that wait, one step for each task. */
export function asyncOperator<K, V, L, W, R>(
  terms: AsyncTerms<K, V, R>,
  open: (context: NodeContext<L, W>) => AsyncStep<K, V, R>,
): Operator<K, V, L, W> {
  return (context) => {
    const { asyncWork, name } = context;
    if (!asyncWork) {
      const message = `${name} waits for answers, which the processor of a global store cannot`;
      throw new TopologyError("INVALID_TOPOLOGY", message);
    }
    const node = new WaitingNode(context, asyncWork, terms, open(context));
    asyncWork.add(node);
    return { process: (message) => node.accept(message), close: () => node.close() };
  };
}

/** An async operator at work in one task. */
class WaitingNode<K, V, R> implements AsyncNode {
  readonly #context: NodeContext<never, never>;
  readonly #work: AsyncWork;
  readonly #terms: AsyncTerms<K, V, R>;
  readonly #step: AsyncStep<K, V, R>;
  readonly #calls: CallTerms<K, V, R>;
  readonly #queue: CallQueue<PendingCall<K, V, R>>;
  readonly #repetitions = new Repetitions();
  readonly #started = new Set<PendingCall<K, V, R>>();

  constructor(
    context: NodeContext<never, never>,
    work: AsyncWork,
    terms: AsyncTerms<K, V, R>,
    step: AsyncStep<K, V, R>,
  ) {
    this.#context = context;
    this.#work = work;
    this.#terms = terms;
    this.#step = step;
    this.#queue = new CallQueue(terms.settings);
    this.#calls = {
      settings: terms.settings,
      clock: work.clock,
      random: work.random,
      request: (message, call) => step.request(message, call),
      settled: (call) => this.#settle(call),
    };
  }

  get pending(): number {
    return this.#queue.pending;
  }

  get hasRoom(): boolean {
    return this.#queue.hasRoom;
  }

  /** Takes in a message; hands its result on at once where it is there and it is its turn. */
  accept(message: Message<K, V>): void {
    const call = new PendingCall(message, this.#placeOf(message), this.#calls);
    this.#queue.accept(call);
    const goesOn = this.#startAll(call);
    if (goesOn) {
      this.#goOn(call);
      this.#startAll();
    }
    if (!this.#queue.hasRoom) this.#work.isFull = true;
  }

  release(reenter: Reenter): void {
    const { name } = this.#context;
    for (let call = this.#queue.take(); call; call = this.#queue.take()) {
      const taken = call;
      reenter(name, taken.message, taken.place.metadata, () => this.#goOn(taken));
      this.#startAll();
    }
  }

  close(): void {
    const message = `the task has been closed before a call of ${this.#context.name} was answered`;
    const reason = new MillraceError("CLOSED", message);
    for (const call of this.#started) call.abort(reason);
    this.#started.clear();
    this.#step.close?.();
  }

  /** Begins all calls that may begin; true where the one of the record at hand goes on at once. */
  #startAll(own?: PendingCall<K, V, R>): boolean {
    let goesOn = false;
    for (let call = this.#queue.start(); call; call = this.#queue.start()) {
      this.#started.add(call);
      if (!call.start()) continue;
      if (call === own) {
        this.#started.delete(call);
        goesOn = this.#queue.settleFirst(call);
      } else this.#settle(call);
    }
    return goesOn;
  }

  #settle(call: PendingCall<K, V, R>): void {
    this.#started.delete(call);
    this.#queue.settle(call);
    this.#work.signal();
  }

  #goOn(call: PendingCall<K, V, R>): void {
    const { result, message } = call;
    const outer = this.#work.origin;
    this.#work.origin = call;
    try {
      if (result?.is === "value") this.#step.process(message, result.value);
      else if (result?.is === "failed") throw result.error;
      else this.#context.task.dropped({ why: "failed-call" });
    } finally {
      this.#work.origin = outer;
      this.#queue.finish(call);
    }
  }

  #placeOf({ key, timestamp }: Message<K, V>): CallPlace {
    const { task, name: node } = this.#context;
    const { applicationId, taskId } = task;
    const metadata = task.recordMetadata();
    const lane = this.#laneOf(key);
    const origin = this.#originOf(metadata);
    const known = { applicationId, taskId, node, metadata, timestamp, lane, origin };
    return { ...known, repetition: this.#repetitions.next(known) };
  }

  /** The call that led to this one; a row that leaves a cache meanwhile comes from another record. */
  #originOf(metadata: RecordMetadata | undefined): CallOrigin | undefined {
    const { origin } = this.#work;
    const from = origin?.metadata;
    const isSame =
      from?.offset === metadata?.offset &&
      from?.partition === metadata?.partition &&
      from?.topic === metadata?.topic;
    return isSame ? origin : undefined;
  }

  /** What tells a key from others in a map; undefined for null, which is in no order. */
  #laneOf(key: K): unknown {
    if (key === null || key === undefined) return undefined;
    if (typeof key !== "object") return key;
    const serde = this.#terms.key;
    if (serde) {
      const serialized = serde.serialize(key);
      if (serialized === null) return undefined;
      return typeof serialized === "string" ? serialized : textOf(toBuffer(serialized));
    }
    if (this.#terms.settings.order === "none") return undefined;
    const { name } = this.#context;
    const message = `${name} keeps the order of keys, which are objects that nothing says how to serialize: give the operator above a serde as its option "key", or choose the order "none"`;
    throw new TopologyError("MISSING_SERDE", message);
  }
}
