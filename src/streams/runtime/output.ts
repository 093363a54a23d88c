import type { Field } from "../../protocol/index.ts";
import type { Headers } from "../message.ts";
import type { ProductionFailure } from "./error-handlers.ts";

/** Where a task's records go: a producer, or what a test captures them with. Nothing waits here. */
export interface Output {
  /**
   * Writes a record. Without a partition the key's hash chooses one, or for a null key the producer. Text
   * is sent as UTF-8.
   */
  send(
    topic: string,
    partition: number | undefined,
    key: Field,
    value: Field,
    timestamp: number,
    headers: Headers,
  ): void;
  /** How many partitions a topic has; undefined where that is not known yet: see {@link later}. */
  partitions(topic: string): number | undefined;
  /** Has something written once the number of a topic's partitions is known, in the order of the calls. */
  later(topic: string, write: () => void): void;
  /** Returns if a record is to be left out that cannot be written, and throws if it may not. */
  failed(failure: ProductionFailure): void;
}
