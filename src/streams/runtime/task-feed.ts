import type { Consumer, ConsumerBatch, TopicPartition } from "../../client/index.ts";
import type { Clock } from "../../clock.ts";
import type { MillraceError } from "../../errors.ts";
import type { SourceNode } from "../topology-node.ts";
import { BatchRecords } from "./batch-records.ts";
import { prepareBatch } from "./prepare-batch.ts";
import type { TaskFactory } from "./task-factory.ts";
import type { TaskRegistry } from "./task-registry.ts";

/** What a {@link TaskFeed} works with. */
export interface TaskFeedParts {
  readonly consumer: Consumer;
  readonly registry: TaskRegistry;
  readonly factory: Pick<TaskFactory, "sourceOf">;
  /** A partition of which more wait, behind the batch that is worked on, is not fetched for a while. */
  readonly bufferedRecordsPerPartition: number;
  readonly clock: Clock;
  /** Aborts when the time to end is over. */
  readonly late: AbortSignal;
}

/** Brings what the consumer has fetched to the tasks, and holds back partitions that are ahead of theirs. */
export class TaskFeed {
  readonly #parts: TaskFeedParts;
  readonly #paused = new Map<string, TopicPartition>();

  constructor(parts: TaskFeedParts) {
    this.#parts = parts;
  }

  /** Waits up to a time for fetched batches, unless the signal aborts, and hands them to their tasks. */
  async fetch(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { registry, factory } = this.#parts;
    for (const batch of await this.#poll(timeoutMs, signal)) {
      const active = registry.reader(batch);
      if (!active || !batch.isCurrent) {
        batch.release();
        continue;
      }
      const { topic, partition } = batch;
      const preparing = this.#prepare(factory.sourceOf(topic), batch);
      if (preparing && !(await preparing)) {
        batch.release();
        continue;
      }
      active.task.add(topic, partition, new BatchRecords(batch));
      if (this.#isAhead({ topic, partition })) this.#pause({ topic, partition });
    }
  }

  /** Goes on with partitions whose tasks have caught up. */
  resume(): void {
    if (this.#paused.size === 0) return;
    for (const [name, partition] of this.#paused) {
      if (this.#isAhead(partition)) continue;
      this.#paused.delete(name);
      if (this.#parts.registry.reader(partition)) this.#parts.consumer.resume([partition]);
    }
  }

  /** Forgets partitions that go. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#paused.delete(`${topic}-${partition}`);
  }

  /** How many records of a partition are at the broker and not here; undefined while that is not known. */
  lagOf(partition: TopicPartition): number | undefined {
    return this.#parts.consumer.lag([partition])[0]?.lag;
  }

  async #poll(timeoutMs: number, signal: AbortSignal): Promise<ConsumerBatch[]> {
    try {
      return await this.#parts.consumer.poll({ keep: true, timeoutMs, signal });
    } catch (error) {
      if ((error as MillraceError).code === "ABORTED" && signal.aborted) return [];
      throw error;
    }
  }

  /** Gives whether the batch may be read, by a promise where a serde has to prepare for it. */
  #prepare(source: SourceNode, batch: ConsumerBatch): Promise<boolean> | undefined {
    const { clock, late } = this.#parts;
    const bound = { clock, signal: late };
    return prepareBatch(source, batch.topic, () => batch.cursor(), bound)?.then(
      () => true,
      (error) => {
        if (!late.aborted) throw error;
        return false;
      },
    );
  }

  #pause(partition: TopicPartition): void {
    this.#paused.set(`${partition.topic}-${partition.partition}`, partition);
    this.#parts.consumer.pause([partition]);
  }

  #isAhead(partition: TopicPartition): boolean {
    const { task } = this.#parts.registry.reader(partition) ?? {};
    const backlog = task?.input(partition.topic)?.backlog ?? 0;
    return backlog > this.#parts.bufferedRecordsPerPartition;
  }
}
