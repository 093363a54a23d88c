import { type Admin, type RecordsToDelete, valuesOrThrow } from "../../client/index.ts";
import type { Logger } from "../../log.ts";
import type { ActiveTask } from "./active-task.ts";

/** What a {@link RepartitionPurge} works with. */
export interface RepartitionPurgeParts {
  readonly admin: Pick<Admin, "records">;
  readonly intervalMs: number;
  readonly isRepartitionTopic: (topic: string) => boolean;
  readonly logger: Logger;
}

/**
 * Deletes records of repartition topics that have been processed and committed: nobody else reads them, and
 * nothing else would ever remove them (`repartition.purge.interval.ms`).
 */
export class RepartitionPurge {
  readonly #parts: RepartitionPurgeParts;
  /** By partition: up to where is deleted already. */
  readonly #purged = new Map<string, number>();
  /** The moment of the last time, or of the first commit; undefined before that. */
  #purgedAt: number | undefined;
  #isUnderWay = false;

  constructor(parts: RepartitionPurgeParts) {
    this.#parts = parts;
  }

  /** To be called when tasks have been committed; begins to delete at the interval, and waits for nothing. */
  committed(tasks: readonly ActiveTask[], now: number): void {
    this.#purgedAt ??= now;
    if (this.#isUnderWay || now - this.#purgedAt < this.#parts.intervalMs) return;
    this.#purgedAt = now;
    const records = tasks.flatMap((active) => this.#processed(active));
    if (records.length === 0) return;
    this.#isUnderWay = true;
    void this.#purge(records);
  }

  #processed({ task }: ActiveTask): RecordsToDelete[] {
    return task.positions().flatMap(({ topic, partition, offset: beforeOffset }) => {
      const isOld = beforeOffset <= (this.#purged.get(`${topic}-${partition}`) ?? 0);
      if (isOld || !this.#parts.isRepartitionTopic(topic)) return [];
      return [{ topic, partition, beforeOffset }];
    });
  }

  async #purge(records: readonly RecordsToDelete[]): Promise<void> {
    const { admin, logger } = this.#parts;
    try {
      const deleted = valuesOrThrow(await admin.records.delete(records));
      for (const { topic, partition, lowWatermark } of deleted.values()) {
        this.#purged.set(`${topic}-${partition}`, lowWatermark);
      }
    } catch (error) {
      // The next time will do: all that is at stake is room on the broker's disk.
      const fields = { error: (error as Error).message };
      logger.warn(fields, "records of repartition topics could not be deleted");
    } finally {
      this.#isUnderWay = false;
    }
  }
}
