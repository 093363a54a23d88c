import { reasonOf } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Field } from "../../protocol/index.ts";
import type { Headers, Message, RecordMetadata } from "../message.ts";
import type { ReadFailure } from "./record-queue.ts";

/** What a handler decides on: to go on without the record, or to stop the application with the error. */
export type Decision = "continue" | "fail";

/** A record that could not be turned into a key and a value. */
export interface DeserializationFailure {
  readonly error: unknown;
  /** The source that reads the topic. */
  readonly node: string;
  readonly taskId: string;
  readonly record: RecordMetadata;
}

/** Decides on records that cannot be deserialized (KIP-161). */
export type DeserializationExceptionHandler = (failure: DeserializationFailure) => Decision;

/** A record, or a punctuation, at which a node threw. */
export interface ProcessingFailure {
  readonly error: unknown;
  readonly node: string;
  readonly taskId: string;
  /** What the node was given; undefined for a punctuation. */
  readonly message: Message<unknown, unknown> | undefined;
  /** Where the record came into the sub-topology; undefined for a punctuation. */
  readonly record: RecordMetadata | undefined;
}

/**
 * Decides on records and punctuations at which a node threw (KIP-1033). To continue drops the record at that
 * node: its other ways through the topology are gone through, and what it did before is not undone.
 */
export type ProcessingExceptionHandler = (failure: ProcessingFailure) => Decision;

/** Records that did not get into a topic. */
export interface ProductionFailure {
  readonly error: unknown;
  /** Whether they could not be serialized, or not be written (KIP-399). */
  readonly stage: "serialization" | "delivery";
  readonly topic: string;
  /** Undefined where none had been chosen yet. */
  readonly partition: number | undefined;
  /** How many records are concerned: all those of a batch. */
  readonly records: number;
  /** The record, where it is one and still at hand; keys and values are serialized ones but for the stage "serialization". */
  readonly record: ProducedRecord | undefined;
}

/** What was to be written. */
export interface ProducedRecord {
  readonly key: Field | unknown;
  readonly value: Field | unknown;
  readonly timestamp: number;
  readonly headers: Headers;
}

/** Decides on records that cannot be written (KIP-210). What may pass by itself has been tried again before. */
export type ProductionExceptionHandler = (failure: ProductionFailure) => Decision;

/** A handler that stops the application with the error: the default. */
export function failOnError(): Decision {
  return "fail";
}

/** A handler that goes on without the record; the application logs a warning for each. */
export function continueOnError(): Decision {
  return "continue";
}

/** Has the handler decide on records of a task that cannot be read, and logs which were left out. */
export function readFailure(
  settings: {
    readonly deserializationExceptionHandler: DeserializationExceptionHandler;
    readonly logger: Logger;
  },
  taskId: string,
  nodeOf: (topic: string) => string,
): ReadFailure {
  const { deserializationExceptionHandler: decide, logger } = settings;
  return ({ metadata, error }) => {
    const node = nodeOf(metadata.topic);
    if (decide({ error, node, taskId, record: metadata }) === "fail") return "fail";
    const fields = { taskId, ...metadata, error: reasonOf(error) };
    logger.warn(fields, "a record that cannot be deserialized was left out");
    return "drop";
  };
}
