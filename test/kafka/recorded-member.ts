import assert from "node:assert/strict";
import type { Cluster } from "../../src/client/cluster.ts";
import {
  joinGroup,
  type Membership,
  type MembershipEvents,
  type MembershipOptions,
} from "../../src/client/group/membership.ts";
import { partitionName, type TopicPartition } from "../../src/client/topic-partition.ts";

/** Who has which partition, over several members: nobody may get what another has. */
export class Ledger {
  readonly #owners = new Map<string, RecordedMember>();
  readonly conflicts: string[] = [];

  take(name: string, member: RecordedMember): void {
    if (this.#owners.has(name)) this.conflicts.push(name);
    this.#owners.set(name, member);
  }

  release(name: string, member: RecordedMember): void {
    if (this.#owners.get(name) === member) this.#owners.delete(name);
  }
}

/** A member of a group that only keeps book of what it is told. */
export class RecordedMember implements MembershipEvents {
  readonly membership: Membership;
  readonly owned = new Set<string>();
  /** What happened in order, such as "revoked orders-0 orders-1". */
  readonly history: string[] = [];
  /** Runs while partitions are being given up. */
  onRevoked: (partitions: readonly TopicPartition[]) => Promise<void> = async () => {};
  failure: Error | undefined;
  readonly #ledger: Ledger;

  constructor(cluster: Cluster, options: MembershipOptions, ledger: Ledger = new Ledger()) {
    this.#ledger = ledger;
    this.membership = joinGroup(cluster, options, this);
    this.membership.start();
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    await this.onRevoked(partitions);
    this.#giveUp("revoked", partitions);
  }

  async lost(partitions: readonly TopicPartition[]): Promise<void> {
    this.#giveUp("lost", partitions);
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    this.history.push(["assigned", ...namesOf(partitions)].join(" "));
    for (const name of namesOf(partitions)) {
      assert.ok(!this.owned.has(name), `${name} was assigned twice`);
      this.owned.add(name);
      this.#ledger.take(name, this);
    }
  }

  failed(error: Error): void {
    this.failure = error;
  }

  async close(options: { readonly leave?: boolean } = {}): Promise<void> {
    await this.membership.close({ timeoutMs: 10_000, ...options });
  }

  #giveUp(how: string, partitions: readonly TopicPartition[]): void {
    this.history.push([how, ...namesOf(partitions)].join(" "));
    for (const name of namesOf(partitions)) {
      assert.ok(this.owned.delete(name), `${name} was given up without being owned`);
      this.#ledger.release(name, this);
    }
  }
}

function namesOf(partitions: readonly TopicPartition[]): string[] {
  return partitions.map(({ topic, partition }) => partitionName(topic, partition));
}
