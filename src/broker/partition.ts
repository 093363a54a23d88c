import type { AppendOrigin } from "./log/batch-validation.ts";
import type { AppendResult, PartitionLog } from "./log/partition-log.ts";
import { Traffic } from "./metrics/traffic.ts";

/** Someone who waits for something to change in a partition: more records, a new last stable offset, its end. */
export interface PartitionWatcher {
  /** Called within the change, so it must be quick and must not throw; read the partition to see what is new. */
  changed(partition: Partition): void;
}

/** One partition that this broker leads: its log, its leader epoch, and who waits for it. */
export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  readonly log: PartitionLog;
  readonly traffic = new Traffic();
  leaderEpoch: number;
  /** Set once the topic is deleted: what waits must stop. */
  isGone = false;
  readonly #watchers = new Set<PartitionWatcher>();

  constructor(log: PartitionLog, leaderEpoch: number) {
    this.topic = log.topic;
    this.topicId = log.topicId;
    this.index = log.partition;
    this.log = log;
    this.leaderEpoch = leaderEpoch;
  }

  /**
   * Appends under the present leader epoch and wakes who waits; see {@link PartitionLog.append}.
   * `transactionVersion` is 2 for what Produce 12 and TxnOffsetCommit 5 bring, and for their markers (KIP-890).
   */
  append(records: Buffer, origin: AppendOrigin, transactionVersion = 0): AppendResult {
    const { leaderEpoch } = this;
    const result = this.log.append(records, { leaderEpoch, origin, transactionVersion });
    if (result.isDuplicate) return result;
    this.traffic.came(result.recordCount, result.sizeInBytes);
    this.changed();
    return result;
  }

  /** Tells who waits that something other than an append has changed. */
  changed(): void {
    for (const watcher of this.#watchers) watcher.changed(this);
  }

  watch(watcher: PartitionWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: PartitionWatcher): void {
    this.#watchers.delete(watcher);
  }
}
