import type { Headers, Message, RecordMetadata, Step } from "./message.ts";
import type { AsyncWork } from "./runtime/async-work.ts";
import type { StateStore } from "./stores/state-store.ts";

/** When a punctuation is due: by the task's stream time, or by the clock. */
export type PunctuationType = "stream-time" | "wall-clock-time";

/** A punctuation that can be called off. */
export interface Cancellable {
  cancel(): void;
}

/** What a node of the topology knows of the task that it runs in. */
export interface TaskContext {
  readonly applicationId: string;
  /** As Kafka Streams writes it: "0_3" is partition 3 of sub-topology 0. */
  readonly taskId: string;
  readonly partition: number;
  /** Settings of the application as it was started with, by Kafka's names. */
  readonly configs: ReadonlyMap<string, unknown>;
  /**
   * Numbers that nodes keep along with the commits, by names of their own, such as how far results on
   * close have been sent: the next owner of the task begins with them.
   */
  readonly processorMetadata: Map<string, number>;
  /** The greatest timestamp the task has seen; −1 before the first. */
  streamTime(): number;
  /** The clock, in milliseconds since 1970. */
  wallClockTime(): number;
  /** Where the record being processed comes from; undefined within a punctuation. */
  recordMetadata(): RecordMetadata | undefined;
  /** The timestamp of the record being processed, or of the moment of a punctuation. */
  currentTimestamp(): number;
  /** The headers of the record being processed; none within a punctuation. */
  currentHeaders(): Headers;
  /** Calls `run` at every interval, with the time that made it due. */
  schedule(
    intervalMs: number,
    type: PunctuationType,
    run: (timestamp: number) => void,
    startTime?: number,
  ): Cancellable;
  /** Asks for a commit soon. */
  requestCommit(): void;
  /** Counts a record that was dropped, such as one with a null key or one that came too late. */
  dropped(reason: DropReason): void;
}

/** Why a record went no further. */
export type DropReason =
  | { readonly why: "null-key" | "null-value" | "null-foreign-key" | "expired" | "deserialization" }
  /** Older than the row's latest version, or an answer about a row that has changed since it was asked. */
  | { readonly why: "out-of-order" | "outdated" }
  /** A node threw at it, and the processing handler chose to go on (KIP-1033). */
  | { readonly why: "processing" }
  /** A call failed for good, and its handler chose to go on without the record. */
  | { readonly why: "failed-call" }
  | {
      readonly why: "late";
      /** The window it was too late for, and how late it was, in milliseconds. */
      readonly windowStart: number;
      readonly windowEnd: number;
      readonly lateMs: number;
    };

/** What a node is opened with, once per task. */
export interface NodeContext<KOut, VOut> {
  readonly name: string;
  readonly task: TaskContext;
  /** For nodes that call what answers later; undefined above global stores. */
  readonly asyncWork?: AsyncWork | undefined;
  /** Hands a message to all children, depth first, in their order. */
  readonly forward: Step<KOut, VOut>;
  /** Hands a message to one child by its name. Throws `TopologyError` for an unknown one. */
  forwardTo(child: string): Step<KOut, VOut>;
  /** A store that the node is connected to; throws a `TopologyError` where it is not. */
  store<S extends StateStore>(name: string): S;
  /** Goes on with a record under a context of its own (as `ProcessorContextImpl.setRecordContext` with a buffered record). */
  withRecord<K, V>(
    record: Message<K, V>,
    metadata: RecordMetadata | undefined,
    step: Step<K, V>,
  ): void;
}

/** A node at work in one task. */
export interface OpenNode<KIn, VIn> {
  readonly process: Step<KIn, VIn>;
  close?(): void;
}

/** An operator, whatever it takes and gives. */
export type AnyOperator = Operator<never, never, unknown, unknown>;

/** Makes a node work in a task: an operator of the DSL, or the wrapper of a user's `Processor`. */
export type Operator<KIn, VIn, KOut, VOut> = (
  context: NodeContext<KOut, VOut>,
) => OpenNode<KIn, VIn>;
