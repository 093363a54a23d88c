import type { Clock } from "../../clock.ts";
import type { Random } from "../../random.ts";
import type { RecordMetadata } from "../message.ts";
import type { DropReason } from "../node.ts";
import type { TaskState } from "../stores/engine.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { CacheBudget } from "../stores/store-builder.ts";
import type { TimestampExtractor } from "../timestamp-extractor.ts";
import type { ProcessingExceptionHandler } from "./error-handlers.ts";
import type { Output } from "./output.ts";
import type { ReadFailure } from "./record-queue.ts";
import type { Subtopology, TopologyPlan } from "./topology-plan.ts";

/** A record that went no further, and why. */
export interface DroppedRecord {
  readonly taskId: string;
  readonly node: string;
  readonly record: RecordMetadata | undefined;
  readonly reason: DropReason;
}

/** Records of a task that were older than the stream time at which they came (`record-lateness`). */
export interface OutOfOrder {
  readonly taskId: string;
  readonly count: number;
  /** By how much the oldest of them was behind, in milliseconds. */
  readonly greatestLatenessMs: number;
}

/** What a task is made with. */
export interface TaskOptions {
  readonly plan: TopologyPlan;
  readonly subtopology: Subtopology;
  readonly partition: number;
  /** The partitions it reads: topics by their full names. */
  readonly inputs: readonly { readonly topic: string; readonly partition: number }[];
  readonly output: Output;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Times and spreads the calls of async operators; the machine's by default. */
  readonly host?: { readonly clock: Clock; readonly random: Random } | undefined;
  /** Called from outside any record when answers to calls wait for `asyncWork.release()`. */
  readonly onReady?: (() => void) | undefined;
  readonly configs?: ReadonlyMap<string, unknown> | undefined;
  readonly memory: TaskState;
  readonly persistent: TaskState;
  /** The states of stores that name an engine, by the engine's name; `persistent` where it is missing. */
  readonly engines?: ReadonlyMap<string, TaskState> | undefined;
  readonly cache?: CacheBudget | undefined;
  /** Stores that every task may read, by their names. */
  readonly globalStores?: ReadonlyMap<string, StateStore> | undefined;
  readonly timestampExtractor?: TimestampExtractor | undefined;
  /** Decides on records that cannot be read; they stop the task by default. */
  readonly onReadFailure?: ReadFailure | undefined;
  /** Decides on what nodes throw; undefined where it is to stop the task. */
  readonly onProcessingFailure?: ProcessingExceptionHandler | undefined;
  /** Hears of each record that is dropped on its way. */
  readonly onDropped?: ((record: DroppedRecord) => void) | undefined;
}

/** How far one input partition has been worked through. */
export interface InputPosition {
  readonly topic: string;
  readonly partition: number;
  /** The offset of the next record. */
  readonly offset: number;
  /** The greatest timestamp that was taken from it: part of the commit's metadata. */
  readonly partitionTime: number;
}
