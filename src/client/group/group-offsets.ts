import { BrokerError, MillraceError } from "../../errors.ts";
import type { Cluster, RequestOptions } from "../cluster.ts";
import type { Bound } from "../deadline.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import { retrying } from "../retry.ts";
import type { TopicPartition, TopicPartitionOffset } from "../topic-partition.ts";
import { GroupCoordinator } from "./group-coordinator.ts";
import { type CommittedOffset, commitOnce, fetchOnce } from "./offset-requests.ts";
import { PartitionSet } from "./partition-set.ts";
import { verdictOn } from "./verdict.ts";

/** On whose word offsets are committed: a membership. */
export interface Standing {
  /** Undefined while this is no member of the group. */
  readonly group: GroupMetadata | undefined;
  /** Whether the group is between two generations, so that what it refuses may pass later. */
  readonly isRebalancing: boolean;
  owns(partition: TopicPartition): boolean;
  /** Resolves when the group has come to rest with another metadata than `stale`, or without any. */
  settled(stale: GroupMetadata, bound: Bound): Promise<void>;
  /** Hands on that the coordinator refused a request on this metadata's word. */
  refused(error: BrokerError, group: GroupMetadata): void;
}

/** What a membership adds to its group's offsets. */
export interface MemberOfGroup {
  readonly standing: Standing;
  readonly coordinator: GroupCoordinator;
  /** Whether fetches name the member too, as the consumer protocol wants it (KIP-848). */
  readonly tellsEpoch: boolean;
}

/**
 * The offsets that a group has committed. A member commits those of partitions it has; without
 * membership, where partitions are assigned by hand, any can be committed. The coordinator is
 * followed, and what may pass is tried again within the bound.
 */
export class GroupOffsets {
  readonly #coordinator: GroupCoordinator;
  readonly #member: MemberOfGroup | undefined;

  constructor(cluster: Cluster, groupId: string, member?: MemberOfGroup) {
    const lane = `group-${groupId}`;
    this.#coordinator = member?.coordinator ?? new GroupCoordinator(cluster, groupId, lane);
    this.#member = member;
  }

  /**
   * What is committed, by the names of the partitions; undefined where nothing is. Waits for open
   * transactions that commit offsets for the group (KIP-447).
   */
  async fetch(
    partitions: readonly TopicPartition[],
    bound: Bound,
  ): Promise<Map<string, CommittedOffset | undefined>> {
    if (partitions.length === 0) return new Map();
    const { tellsEpoch = false, standing } = this.#member ?? {};
    const member = () => (tellsEpoch ? standing?.group : undefined);
    return this.#outlasting(partitions, bound, member, (group, options) =>
      fetchOnce(this.#coordinator, partitions, group, options),
    );
  }

  /**
   * Commits. A rebalance is waited for, and what this member still has is then committed. Throws
   * `PARTITIONS_LOST` for partitions that are not, or no longer, the member's,
   * `REBALANCE_IN_PROGRESS` where only giving partitions up lets the rebalance go on, and
   * `OFFSET_METADATA_TOO_LARGE` for a note that the broker does not accept.
   */
  async commit(offsets: readonly TopicPartitionOffset[], bound: Bound): Promise<void> {
    refuseImpossible(offsets);
    if (offsets.length === 0) return;
    const member = () => this.#member && this.#committer(offsets, this.#member.standing);
    await this.#outlasting(offsets, bound, member, (group, options) =>
      commitOnce(this.#coordinator, offsets, group, options),
    );
  }

  /** On whose word to commit; throws when not all partitions are the member's. */
  #committer(offsets: readonly TopicPartition[], standing: Standing): GroupMetadata {
    const { group } = standing;
    const strange = offsets.filter((one) => !standing.owns(one));
    if (!group || strange.length > 0) throw this.#lost(group ? strange : offsets);
    return group;
  }

  /** Tries, through errors that pass and through rebalances, until the bound. */
  async #outlasting<T>(
    partitions: readonly TopicPartition[],
    bound: Bound,
    member: () => GroupMetadata | undefined,
    run: (group: GroupMetadata | undefined, options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const { host, settings } = this.#coordinator.cluster;
    return retrying(host, settings, bound, async (remainingMs) => {
      const deadline = host.clock.elapsed() + remainingMs;
      for (;;) {
        const group = member();
        const leftMs = Math.max(1, deadline - host.clock.elapsed());
        const timeoutMs = Math.min(leftMs, settings.requestTimeoutMs);
        try {
          return await run(group, { timeoutMs, signal: bound.signal });
        } catch (error) {
          if (!group || !(error instanceof BrokerError)) throw error;
          await this.#sitOut(error, group, partitions, { ...bound, timeoutMs: leftMs });
        }
      }
    });
  }

  /** Resolves when a request may pass on the word of a newer generation, and throws when it may not. */
  async #sitOut(
    error: BrokerError,
    group: GroupMetadata,
    partitions: readonly TopicPartition[],
    bound: Bound,
  ): Promise<void> {
    const { standing } = this.#member as MemberOfGroup;
    const verdict = verdictOn(error);
    const isFenced = error.code === "FENCED_INSTANCE_ID";
    const isOver = verdict === "generation-over" || verdict === "member-unknown";
    if (!isOver && !isFenced && verdict !== "rebalancing") throw error;
    const mayPass = standing.isRebalancing || standing.group !== group;
    standing.refused(error, group);
    if (error.code !== "STALE_MEMBER_EPOCH" && !mayPass) {
      throw isOver ? this.#lost(partitions, error) : error;
    }
    await standing.settled(group, bound);
  }

  #lost(partitions: readonly TopicPartition[], cause?: BrokerError): MillraceError {
    const { groupId } = this.#coordinator;
    const names = new PartitionSet(partitions);
    const text = `the offsets of ${names} were not committed for group ${groupId}: this member does not have them, or no longer; who has them goes on from the last offsets committed`;
    return new MillraceError("PARTITIONS_LOST", text, cause ? { cause } : {});
  }
}

function refuseImpossible(offsets: readonly TopicPartitionOffset[]): void {
  for (const { topic, partition, offset } of offsets) {
    if (Number.isSafeInteger(offset) && offset >= 0) continue;
    const text = `${offset} cannot be committed as the offset of ${topic}-${partition}: it must be a whole number from 0 on`;
    throw new MillraceError("INVALID_ARGUMENT", text);
  }
}
