import type { BrokerErrorCode } from "../../broker-error-code.ts";
import type { ClusterImage } from "../metadata/cluster-image.ts";
import type { CoordinatorRecord } from "./coordinator-record.ts";
import type { Group, GroupType } from "./group.ts";

/** Told how the append of records went whose effect the state has already: with the error where it failed. */
export type Settle = (error: BrokerErrorCode | undefined) => void;

/** Records to be appended for one group, and the answer to give once they are. */
export interface Decision<Result> {
  readonly records: readonly CoordinatorRecord[];
  readonly result: Result;
  /**
   * Given where the state is ahead of its records: then they are not replayed, and a failed append is
   * reported here instead of being thrown.
   */
  readonly settle?: Settle | undefined;
  /** Called once the records have been appended and replayed. */
  readonly afterwards?: (() => void) | undefined;
}

/** Records that time has brought about for one group. */
export interface DueRecords {
  readonly groupId: string;
  readonly records: readonly CoordinatorRecord[];
  /** As in {@link Decision}. */
  readonly settle?: Settle | undefined;
  /** As in {@link Decision}. */
  readonly afterwards?: (() => void) | undefined;
}

/**
 * All groups of one kind, pure. The coordinator routes to it the records that it owns and the time, and
 * appends what it decides before that is replayed: `decide → append → replay`. Everywhere `now` is the
 * clock's `elapsed`, in milliseconds; a kind that writes timestamps takes the wall clock when it is made.
 */
export interface GroupKind {
  readonly type: GroupType;
  /** The kinds of records (the int16 that a key begins with) that this one owns. */
  readonly recordKinds: readonly number[];
  readonly groups: ReadonlyMap<string, Group>;
  /**
   * Takes in a record that is in the log; null is a tombstone. The buffers are valid during the call
   * only. Throws a `DecodeError` on bytes without sense.
   */
  replay(key: Buffer, value: Buffer | null): void;
  /** Called once all records of the log have been replayed: sessions begin anew. */
  loaded(now: number): void;
  /** What falls silent or takes too long by now. */
  tick(now: number): DueRecords[];
  /** When `tick` has something to do next, by the clock's `elapsed`; undefined for never. */
  readonly nextTickAt: number | undefined;
  /** Topics came, went or grew. */
  topicsChanged(image: ClusterImage, topics: readonly string[]): void;
}
