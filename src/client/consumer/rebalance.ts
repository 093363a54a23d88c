import { MillraceError } from "../../errors.ts";
import type { Cluster } from "../cluster.ts";
import { bounded } from "../deadline.ts";
import type { MembershipEvents } from "../group/membership.ts";
import type { TopicPartition, TopicPartitionOffset } from "../topic-partition.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { AssignedPartitions } from "./assigned-partitions.ts";
import { markedOffsets } from "./commits.ts";
import type { CommitOptions } from "./consumer-batch.ts";
import type { RebalanceEvent } from "./options.ts";

/** What rebalances work with; shared with the other parts of one consumer. */
export interface RebalanceParts {
  readonly cluster: Cluster;
  readonly assigned: AssignedPartitions;
  /** Commits at once. */
  commit(offsets: readonly TopicPartitionOffset[], options: CommitOptions): Promise<void>;
  readonly rebalanceTimeoutMs: number;
  readonly onRebalance: ((event: RebalanceEvent) => void | Promise<void>) | undefined;
  readonly delivery: {
    readonly changed: Promise<void>;
    isInHand(partitions: readonly AssignedPartition[]): boolean;
    wake(): void;
    failForGood(error: Error): void;
  };
  /** Has positions looked up and fetches sent. */
  proceed(): void;
}

/** Carries a group's decisions out: takes partitions in, and gives them up in an orderly way. */
export class Rebalance implements MembershipEvents {
  readonly #parts: RebalanceParts;

  constructor(parts: RebalanceParts) {
    this.#parts = parts;
  }

  /** Lets the batches in hand be finished, commits what is marked, and lets go of the partitions. */
  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    const { cluster, assigned, delivery, rebalanceTimeoutMs } = this.#parts;
    const given = this.#assigned(partitions);
    for (const partition of given) partition.tenure = "leaving";
    delivery.wake();
    const bound = { attempt: "finishing the batch in hand", timeoutMs: rebalanceTimeoutMs };
    await bounded(cluster.host.clock, this.#untilFree(given), bound).catch(() => {
      const fields = { partitions: given.map(({ name }) => name), rebalanceTimeoutMs };
      cluster.logger.warn(fields, "the batch in hand took longer than a rebalance may take");
    });
    await this.#tell({ event: "revoked", partitions });
    const marked = markedOffsets(given);
    await this.#parts.commit(marked, { timeoutMs: rebalanceTimeoutMs }).catch((error: Error) => {
      const fields = { error: error.message, offsets: marked.length };
      cluster.logger.warn(fields, "offsets could not be committed before their partitions go");
    });
    for (const partition of given) assigned.remove(partition);
    delivery.wake();
    this.#parts.proceed();
  }

  /** Lets go of partitions at once: they are another's already. */
  async lost(partitions: readonly TopicPartition[]): Promise<void> {
    const { assigned, delivery } = this.#parts;
    for (const partition of this.#assigned(partitions)) assigned.remove(partition);
    delivery.wake();
    await this.#tell({ event: "lost", partitions });
  }

  /** Takes partitions in; they are read once the user has been told. */
  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { assigned } = this.#parts;
    const taken = partitions.map((partition) => assigned.add(partition));
    for (const partition of taken) partition.tenure = "arriving";
    await this.#tell({ event: "assigned", partitions });
    for (const partition of taken) partition.tenure = "held";
    this.#parts.proceed();
  }

  /** Takes note that the membership is over for good. */
  failed(error: Error): void {
    this.#parts.delivery.failForGood(error);
  }

  #assigned(partitions: readonly TopicPartition[]): AssignedPartition[] {
    return partitions.flatMap((one) => this.#parts.assigned.get(one) ?? []);
  }

  async #untilFree(partitions: readonly AssignedPartition[]): Promise<void> {
    const { delivery } = this.#parts;
    while (delivery.isInHand(partitions)) await delivery.changed;
  }

  async #tell(event: RebalanceEvent): Promise<void> {
    const { onRebalance, delivery } = this.#parts;
    if (!onRebalance || event.partitions.length === 0) return;
    try {
      await onRebalance(event);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `onRebalance threw when partitions were ${event.event}, so that the consumer cannot go on: ${reason}`;
      delivery.failForGood(new MillraceError("INVALID_STATE", message, { cause }));
    }
  }
}
