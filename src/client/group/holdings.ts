import type { GroupMetadata } from "../group-metadata.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { MemberEffect } from "./member.ts";
import { PartitionSet } from "./partition-set.ts";

/**
 * The partitions a member has. One change at a time: while the user's side takes partitions up or
 * gives them up, `isBusy` holds, and the next change has to wait.
 */
export class Holdings {
  #owned = new PartitionSet();
  /** What is being given up: still owned, so that its offsets can be committed. */
  #leaving: PartitionSet | undefined;
  #isBusy = false;

  get owned(): PartitionSet {
    return this.#owned;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  owns(partition: TopicPartition): boolean {
    return this.#owned.has(partition);
  }

  /** Begins to give partitions up, in agreement with the group. */
  revoke(partitions: PartitionSet): MemberEffect<never> {
    this.#isBusy = true;
    this.#leaving = partitions;
    return { do: "revoke", partitions };
  }

  /** Lets go of everything, which others may have by now. */
  lose(): MemberEffect<never> {
    const partitions = this.#owned;
    this.#isBusy = true;
    this.#owned = new PartitionSet();
    return { do: "lose", partitions };
  }

  /** Takes further partitions up; there may be none. */
  assign(partitions: PartitionSet, group: GroupMetadata): MemberEffect<never> {
    this.#isBusy = true;
    this.#owned = this.#owned.plus(partitions);
    return { do: "assign", partitions, group };
  }

  /** The user's side is done with the last change. */
  handedOver(): void {
    if (this.#leaving) this.#owned = this.#owned.minus(this.#leaving);
    this.#leaving = undefined;
    this.#isBusy = false;
  }
}
