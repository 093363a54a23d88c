import { MillraceError, TopologyError } from "../errors.ts";
import { callback } from "./callback.ts";
import { type Duration, durationMs } from "./duration.ts";
import { type Headers, type Message, noHeaders, type RecordMetadata } from "./message.ts";
import type { Cancellable, NodeContext, Operator, PunctuationType } from "./node.ts";
import type { StateStore } from "./stores/state-store.ts";
import type { StoreBuilder } from "./stores/store-builder.ts";

/** A record that a processor hands on. */
export interface NewRecord<K, V> extends Omit<Message<K, V>, "headers"> {
  /** None by default. */
  readonly headers?: Headers | undefined;
}

/** What a processor of the user's can do in its task. */
export interface ProcessorContext<KOut, VOut> {
  readonly applicationId: string;
  /** "0_3" is partition 3 of sub-topology 0. */
  readonly taskId: string;
  readonly partition: number;
  /** Settings of the application, by Kafka's names. */
  readonly configs: ReadonlyMap<string, unknown>;
  /**
   * Hands a record to all children, or to one by its name, before it returns. Throws INVALID_ARGUMENT where it has
   * no timestamp.
   */
  forward(record: NewRecord<KOut, VOut>, child?: string): void;
  /**
   * A store that the processor is connected to, by its builder, which knows its type, or by its name; throws
   * `TopologyError` STORE_NOT_CONNECTED otherwise.
   */
  store<S extends StateStore>(store: StoreBuilder<S> | string): S;
  /**
   * Calls `run` at every interval (at least 1 ms): by the task's stream time, which moves only with its
   * input, or by the clock. The first time by stream time is as soon as there is data, by the clock after
   * one interval, or at `startTime`, in milliseconds since 1970. Throws INVALID_TOPOLOGY for what cannot be.
   */
  schedule(
    interval: Duration,
    type: PunctuationType,
    run: (timestamp: number) => void,
    startTime?: number,
  ): Cancellable;
  /** Asks for a commit soon. */
  commit(): void;
  /** Where the record being processed comes from; undefined within a punctuation. */
  recordMetadata(): RecordMetadata | undefined;
  /** The greatest timestamp the task has seen; −1 before the first. */
  currentStreamTime(): number;
  /** The clock, in milliseconds since 1970. */
  currentSystemTime(): number;
}

/** A step of the user's own; one is made for each task. */
export interface Processor<KIn, VIn, KOut = never, VOut = never> {
  /** Called once, before the first record. */
  init?(context: ProcessorContext<KOut, VOut>): void;
  process(record: Message<KIn, VIn>): void;
  /** Called once, when the task ends. */
  close?(): void;
}

/** Makes a processor: a new one at each call. */
export type ProcessorSupplier<KIn, VIn, KOut = never, VOut = never> = () => Processor<
  KIn,
  VIn,
  KOut,
  VOut
>;

/** What a processor that cannot change keys can hand on: the key stays that of the record it got. */
export interface FixedKeyRecord<K, V> extends Message<K, V> {
  withValue<W>(value: W): FixedKeyRecord<K, W>;
  withTimestamp(timestamp: number): FixedKeyRecord<K, V>;
  withHeaders(headers: Headers): FixedKeyRecord<K, V>;
}

/** A step of the user's own that keeps the key, so that nothing has to be repartitioned behind it (KIP-820). */
export interface FixedKeyProcessor<K, VIn, VOut = never> {
  init?(context: FixedKeyProcessorContext<K, VOut>): void;
  process(record: FixedKeyRecord<K, VIn>): void;
  close?(): void;
}

/** Makes a fixed-key processor: a new one at each call. */
export type FixedKeyProcessorSupplier<K, VIn, VOut = never> = () => FixedKeyProcessor<K, VIn, VOut>;

/** What a fixed-key processor can do in its task. */
export interface FixedKeyProcessorContext<K, VOut>
  extends Omit<ProcessorContext<K, VOut>, "forward"> {
  /** Hands on a record made from one that came in, by `withValue` and its neighbours. */
  forward(record: FixedKeyRecord<K, VOut>, child?: string): void;
}

/** Makes an operator of a user's processors. Throws where the supplier gives the same object twice. */
export function processorOperator<KIn, VIn, KOut, VOut>(
  supply: ProcessorSupplier<KIn, VIn, KOut, VOut>,
): Operator<KIn, VIn, KOut, VOut> {
  checkSupplier(supply);
  return (context) => {
    const turn = new Turn();
    const processor = supply();
    turn.take(() => processor.init?.(processorContext(context, turn)));
    return {
      process(message) {
        turn.isTaken = true;
        processor.process(message);
        turn.isTaken = false;
      },
      close: () => turn.take(() => processor.close?.()),
    };
  };
}

/** Makes an operator of a user's fixed-key processors. */
export function fixedKeyOperator<K, VIn, VOut>(
  supply: FixedKeyProcessorSupplier<K, VIn, VOut>,
): Operator<K, VIn, K, VOut> {
  checkSupplier(supply);
  return processorOperator(() => {
    const processor = supply();
    return {
      init: (context) => processor.init?.(context as FixedKeyProcessorContext<K, VOut>),
      process: ({ key, value, timestamp, headers }) =>
        processor.process(new FixedRecord(key, value, timestamp, headers)),
      close: () => processor.close?.(),
    };
  });
}

/** Whether a processor is at work, with the context of a record or punctuation: only then can it hand records on. */
export class Turn {
  isTaken = false;

  take(run: () => void): void {
    this.isTaken = true;
    run();
    this.isTaken = false;
  }
}

/**
 * Throws INVALID_TOPOLOGY unless each call of the supplier gives another object with this method: tasks must not
 * share one.
 */
export function checkSupplier(supply: () => object, method = "process"): void {
  const isClass = typeof supply === "function" && /^class\b/.test(`${supply}`);
  if (typeof supply !== "function" || isClass) {
    const message = `a processor is given by a function that makes it, not by ${isClass ? "its class" : "itself"}: () => new ${isClass ? supply.name : "MyProcessor"}()`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  const [one, other] = [supply(), supply()];
  if (typeof (one as { readonly [name: string]: unknown } | null)?.[method] !== "function") {
    const message = `the supplier gives something that has no ${method}(): it must make a processor at each call`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  if (method !== "request")
    callback((one as Processor<never, never>)[method as "process"], `${method}() of a processor`);
  if (one !== other) return;
  const message = "the supplier gives the same processor twice: each task needs one of its own";
  throw new TopologyError("INVALID_TOPOLOGY", message);
}

class FixedRecord<K, V> implements FixedKeyRecord<K, V> {
  readonly key: K;
  readonly value: V;
  readonly timestamp: number;
  readonly headers: Headers;

  constructor(key: K, value: V, timestamp: number, headers: Headers) {
    this.key = key;
    this.value = value;
    this.timestamp = timestamp;
    this.headers = headers;
  }

  withValue<W>(value: W): FixedKeyRecord<K, W> {
    return new FixedRecord(this.key, value, this.timestamp, this.headers);
  }

  withTimestamp(timestamp: number): FixedKeyRecord<K, V> {
    return new FixedRecord(this.key, this.value, timestamp, this.headers);
  }

  withHeaders(headers: Headers): FixedKeyRecord<K, V> {
    return new FixedRecord(this.key, this.value, this.timestamp, headers);
  }
}

function messageOf<K, V>(record: NewRecord<K, V>, node: string): Message<K, V> {
  if (!(record.timestamp >= 0)) {
    const message = `${node} hands on a record whose timestamp is ${record.timestamp}: it must be 0 or more, in milliseconds since 1970`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
  return record.headers ? (record as Message<K, V>) : { ...record, headers: noHeaders };
}

/**
 * What a user's processor, or another callback of theirs, sees of the node that it works in. Where there is a
 * turn, nothing can be handed on outside of it.
 */
export function processorContext<KOut, VOut>(
  { name, task, forward, forwardTo, store }: NodeContext<KOut, VOut>,
  turn?: Turn,
): ProcessorContext<KOut, VOut> {
  return {
    applicationId: task.applicationId,
    taskId: task.taskId,
    partition: task.partition,
    configs: task.configs,
    forward(record, child) {
      if (turn?.isTaken === false) refuseLate(name);
      const message = messageOf(record, name);
      if (child === undefined) forward(message);
      else forwardTo(child)(message);
    },
    store: (wanted) => store(typeof wanted === "string" ? wanted : wanted.name),
    schedule(interval, type, run, startTime) {
      const intervalMs = durationMs(interval, `the interval of a punctuation of ${name}`, 1);
      if (type !== "stream-time" && type !== "wall-clock-time") {
        const message = `${name} schedules by ${JSON.stringify(type)}: punctuations are by "stream-time" or by "wall-clock-time"`;
        throw new TopologyError("INVALID_TOPOLOGY", message);
      }
      const runInTurn = turn ? (time: number) => turn.take(() => run(time)) : run;
      return task.schedule(intervalMs, type, runInTurn, startTime);
    },
    commit: () => task.requestCommit(),
    recordMetadata: () => task.recordMetadata(),
    currentStreamTime: () => task.streamTime(),
    currentSystemTime: () => task.wallClockTime(),
  };
}

function refuseLate(node: string): never {
  const message = `${node} hands a record on after its process() has returned, when others are processed: what has to be waited for goes into processAsync or addAsyncProcessor`;
  throw new MillraceError("INVALID_STATE", message);
}
