import { type TransactionOutcome, zeroUuid } from "../../protocol/index.ts";
import {
  type CommittedOffset,
  decodeOffsetRecord,
  type OffsetPlace,
  offsetTombstone,
} from "./committed-offset.ts";
import type { CoordinatorRecord } from "./coordinator-record.ts";
import { OffsetTable } from "./offset-table.ts";

/** A committed offset, and where in the log its record is. */
interface Placed {
  readonly committed: CommittedOffset;
  readonly position: number;
}

/** Where a record lies, and the producer whose transaction it is part of; −1 outside of transactions. */
export interface RecordOrigin {
  readonly position: number;
  readonly producerId: number;
}

/**
 * The offsets that all groups have committed, and those that wait for their transaction to end
 * (`OffsetMetadataManager`). What it says follows from the records that were replayed.
 */
export class Offsets {
  readonly #committed = new OffsetTable<Placed>();
  /** The offsets of open transactions, by producer id. */
  readonly #pending = new Map<number, OffsetTable<Placed>>();
  /** Which producers have an open transaction with an offset for the partition; no set is empty. */
  readonly #open = new OffsetTable<Set<number>>();

  get(place: OffsetPlace): CommittedOffset | undefined {
    return this.#committed.get(place)?.committed;
  }

  /** A group's offsets by topic and partition. */
  *of(group: string): Generator<readonly [topic: string, ReadonlyMap<number, CommittedOffset>]> {
    for (const [topic, partitions] of this.#committed.of(group) ?? []) {
      const offsets = [...partitions].map(([index, one]) => [index, one.committed] as const);
      yield [topic, new Map(offsets)];
    }
  }

  has(group: string): boolean {
    return this.#committed.of(group) !== undefined;
  }

  /** Whether a transaction that is still open commits an offset for the partition. */
  isPending(place: OffsetPlace): boolean {
    return this.#open.get(place) !== undefined;
  }

  /** Whether the group has any offset in an open transaction. */
  hasPending(group: string): boolean {
    return this.#open.of(group) !== undefined;
  }

  /** Takes in a record of kind 0 or 1; gives the group that has an offset by it, and nothing for a tombstone. */
  replay(key: Buffer, value: Buffer | null, origin: RecordOrigin): string | undefined {
    const { place, committed } = decodeOffsetRecord(key, value);
    const { producerId, position } = origin;
    if (committed === undefined) {
      this.#forget(place);
      return undefined;
    }
    if (producerId < 0) this.#committed.set(place, { committed, position });
    else this.#hold(place, { committed, position }, producerId);
    return place.group;
  }

  /** A transaction has ended: its offsets count from now on, or vanish. */
  complete(producerId: number, outcome: TransactionOutcome): void {
    const pending = this.#pending.get(producerId);
    if (pending === undefined) return;
    this.#pending.delete(producerId);
    for (const [place, placed] of pending.entries()) {
      const producers = this.#open.get(place);
      producers?.delete(producerId);
      if (producers?.size === 0) this.#open.delete(place);
      if (outcome === "abort") continue;
      // The record that is later in the log wins, whether transactional or not, or compaction of
      // the log would change the answer.
      const known = this.#committed.get(place);
      if (known === undefined || placed.position > known.position) {
        this.#committed.set(place, placed);
      }
    }
  }

  /** Tombstones for all offsets of a group, those of open transactions too. */
  deletionRecords(group: string): CoordinatorRecord[] {
    const records: CoordinatorRecord[] = [];
    for (const [topic, partitions] of this.#committed.of(group) ?? []) {
      for (const partition of partitions.keys()) {
        records.push(offsetTombstone({ group, topic, partition }));
      }
    }
    for (const [topic, partitions] of this.#open.of(group) ?? []) {
      for (const partition of partitions.keys()) {
        const place = { group, topic, partition };
        if (this.#committed.get(place) === undefined) records.push(offsetTombstone(place));
      }
    }
    return records;
  }

  /** Tombstones, by group, for what was committed for a topic that is deleted. */
  topicDeletionRecords(topic: {
    readonly name: string;
    readonly id: string;
  }): Map<string, CoordinatorRecord[]> {
    const byGroup = new Map<string, CoordinatorRecord[]>();
    for (const table of [this.#committed, ...this.#pending.values()]) {
      for (const group of table.groups()) {
        for (const [partition, { committed }] of table.of(group)?.get(topic.name) ?? []) {
          // A topic of the same name may be there again, with offsets that are its own.
          if (committed.topicId !== zeroUuid && committed.topicId !== topic.id) continue;
          const records = byGroup.get(group) ?? [];
          records.push(offsetTombstone({ group, topic: topic.name, partition }));
          byGroup.set(group, records);
        }
      }
    }
    return byGroup;
  }

  #hold(place: OffsetPlace, placed: Placed, producerId: number): void {
    const table = this.#pending.get(producerId) ?? new OffsetTable<Placed>();
    table.set(place, placed);
    this.#pending.set(producerId, table);
    const producers = this.#open.get(place) ?? new Set();
    this.#open.set(place, producers.add(producerId));
  }

  #forget(place: OffsetPlace): void {
    this.#committed.delete(place);
    for (const producerId of this.#open.get(place) ?? []) {
      this.#pending.get(producerId)?.delete(place);
    }
    this.#open.delete(place);
  }
}
