import { TopologyError } from "../errors.ts";
import type { Headers, Message, RecordMetadata } from "./message.ts";
import type { Cancellable, NodeContext, Operator, PunctuationType } from "./node.ts";
import type { StateStore } from "./stores/state-store.ts";
import type { StoreBuilder } from "./stores/store-builder.ts";

/** What a processor of the user's can do in its task. */
export interface ProcessorContext<KOut, VOut> {
  readonly applicationId: string;
  /** "0_3" is partition 3 of sub-topology 0. */
  readonly taskId: string;
  readonly partition: number;
  /** Settings of the application, by Kafka's names. */
  readonly configs: ReadonlyMap<string, unknown>;
  /** Hands a record to all children, or to one by its name, before it returns. */
  forward(record: Message<KOut, VOut>, child?: string): void;
  /**
   * A store that the processor is connected to, by its builder, which knows its type, or by its name; throws
   * `TopologyError` STORE_NOT_CONNECTED otherwise.
   */
  store<S extends StateStore>(store: StoreBuilder<S> | string): S;
  /**
   * Calls `run` at every interval (at least 1 ms): by the task's stream time, which moves only with its
   * input, or by the clock. The first time by stream time is as soon as there is data, by the clock after
   * one interval, or at `startTime`.
   */
  schedule(
    intervalMs: number,
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
    const processor = supply();
    processor.init?.(processorContext(context));
    return {
      process: (message) => processor.process(message),
      close: () => processor.close?.(),
    };
  };
}

/** Makes an operator of a user's fixed-key processors. */
export function fixedKeyOperator<K, VIn, VOut>(
  supply: FixedKeyProcessorSupplier<K, VIn, VOut>,
): Operator<K, VIn, K, VOut> {
  checkSupplier(supply);
  return (context) => {
    const processor = supply();
    processor.init?.(processorContext(context) as FixedKeyProcessorContext<K, VOut>);
    return {
      process: (message) => processor.process(new FixedRecord(message)),
      close: () => processor.close?.(),
    };
  };
}

/** Throws unless each call of the supplier gives another object: tasks must not share one. */
export function checkSupplier(supply: () => object): void {
  if (typeof supply !== "function") {
    throw new TopologyError("INVALID_TOPOLOGY", "a processor is given by a function that makes it");
  }
  const [one, other] = [supply(), supply()];
  if (one !== other) return;
  const message = "the supplier gives the same processor twice: each task needs one of its own";
  throw new TopologyError("INVALID_TOPOLOGY", message);
}

class FixedRecord<K, V> implements FixedKeyRecord<K, V> {
  readonly key: K;
  readonly value: V;
  readonly timestamp: number;
  readonly headers: Headers;

  constructor({ key, value, timestamp, headers }: Message<K, V>) {
    this.key = key;
    this.value = value;
    this.timestamp = timestamp;
    this.headers = headers;
  }

  withValue<W>(value: W): FixedKeyRecord<K, W> {
    return new FixedRecord({ ...this, value });
  }

  withTimestamp(timestamp: number): FixedKeyRecord<K, V> {
    return new FixedRecord({ ...this, timestamp });
  }

  withHeaders(headers: Headers): FixedKeyRecord<K, V> {
    return new FixedRecord({ ...this, headers });
  }
}

/** What a user's processor, or another callback of theirs, sees of the node that it works in. */
export function processorContext<KOut, VOut>({
  task,
  forward,
  forwardTo,
  store,
}: NodeContext<KOut, VOut>): ProcessorContext<KOut, VOut> {
  return {
    applicationId: task.applicationId,
    taskId: task.taskId,
    partition: task.partition,
    configs: task.configs,
    forward(record, child) {
      if (child === undefined) forward(record);
      else forwardTo(child)(record);
    },
    store: (wanted) => store(typeof wanted === "string" ? wanted : wanted.name),
    schedule: (intervalMs, type, run, startTime) => task.schedule(intervalMs, type, run, startTime),
    commit: () => task.requestCommit(),
    recordMetadata: () => task.recordMetadata(),
    currentStreamTime: () => task.streamTime(),
    currentSystemTime: () => task.wallClockTime(),
  };
}
