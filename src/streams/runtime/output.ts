import type { Field } from "../../protocol/index.ts";
import type { Headers } from "../message.ts";

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
  /** How many partitions a topic has; throws where it is unknown. */
  partitions(topic: string): number;
}
