import type { TaskState } from "../stores/engine.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { OpenStore } from "../stores/store-builder.ts";
import { headersOf, type RawRecord, type RawRecords } from "./record-queue.ts";
import type { Task } from "./task.ts";
import type { TaskStates } from "./task-states.ts";
import type { Subtopology, TopologyPlan } from "./topology-plan.ts";

/** A store of a task, and the partition that has its changes. */
export interface ChangelogToRestore {
  readonly topic: string;
  readonly partition: number;
  readonly storeName: string;
  readonly store: OpenStore<StateStore>;
  /** Where the store keeps its rows, and how far they go. */
  readonly state: TaskState;
  /**
   * Whether the changelog is a source topic, of which only what the group has committed belongs to the
   * store (`reuse.ktable.source.topics`, KIP-813).
   */
  readonly isSourceTopic: boolean;
}

/** The changelogs of a task's stores; stores that are not logged have none. */
export function changelogsOf(
  task: Pick<Task, "partition" | "stores">,
  plan: TopologyPlan,
  subtopology: Subtopology,
  states: TaskStates,
): ChangelogToRestore[] {
  return subtopology.stores.flatMap((entry) => {
    const { builder, sourceTopic } = entry;
    const topic = plan.changelogOf(entry);
    const store = task.stores.get(builder.name);
    if (topic === undefined || !store) return [];
    return {
      topic,
      partition: task.partition,
      storeName: builder.name,
      store,
      state: states.of(builder),
      isSourceTopic: sourceTopic !== undefined,
    };
  });
}

/** How many records are taken between two looks at the clock. */
const recordsPerLook = 64;

/** The restoration of one store: from where, up to where, and how far it is. */
export class ChangelogRestore {
  readonly changelog: ChangelogToRestore;
  readonly startOffset: number;
  /** Behind the last record that is to be taken in. */
  readonly endOffset: number;
  /** Of the next record that the store has not got. */
  offset: number;
  /** How many records it has taken in. */
  restored = 0;

  constructor(changelog: ChangelogToRestore, startOffset: number, endOffset: number) {
    this.changelog = changelog;
    this.startOffset = startOffset;
    this.endOffset = Math.max(startOffset, endOffset);
    this.offset = startOffset;
  }

  get isDone(): boolean {
    return this.offset >= this.endOffset;
  }

  /** Takes records in until there are no more, the end is reached, or `isOver` says so; false in that last case. */
  take(records: RawRecords, isOver: () => boolean): boolean {
    const { restore } = this.changelog.store;
    const { endOffset } = this;
    for (let count = 1; records.next(); count += 1) {
      const { record } = records;
      if (record.offset >= endOffset) {
        this.offset = endOffset;
        return true;
      }
      restoreRecord(restore, record);
      this.offset = record.offset + 1;
      this.restored += 1;
      if (count % recordsPerLook === 0 && isOver()) return false;
    }
    return true;
  }

  /** Notes that there is nothing before an offset that has not been taken in: compaction leaves gaps. */
  passTo(offset: number): void {
    if (offset > this.offset) this.offset = Math.min(offset, this.endOffset);
  }
}

/** Puts a record into a store. One without a key says nothing of any row: programs can write such to a source topic. */
export function restoreRecord(restore: OpenStore<StateStore>["restore"], record: RawRecord): void {
  const { buffer, keyStart, keyEnd, valueStart, valueEnd } = record;
  if (keyStart < 0) return;
  // Copied, because stores keep what they are given, and the memory of a batch is used again.
  const key = Buffer.from(buffer.subarray(keyStart, keyEnd));
  const value = valueStart < 0 ? null : Buffer.from(buffer.subarray(valueStart, valueEnd));
  restore(key, value, record.timestamp, headersOf(record));
}
