import type { ClusterImage } from "../../metadata/cluster-image.ts";
import type { ClassicGroup } from "../classic-group.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { MetadataHashes } from "../metadata-hash.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import type { MemberTimers } from "./member-timers.ts";
import type { RegexRefreshes } from "./regex-refreshes.ts";
import type { ConsumerGroupSettings } from "./settings.ts";

/** What all operations on consumer groups share. */
export interface Surroundings {
  image(): ClusterImage;
  /** The wall clock. */
  timestamp(): number;
  newMemberId(): string;
  /** Has a classic group take the place of a consumer group, once that is in the log. */
  installClassic(group: ClassicGroup, now: number, options: { readonly rebalance: boolean }): void;
  readonly settings: ConsumerGroupSettings;
  readonly hashes: MetadataHashes;
  readonly timers: MemberTimers;
  readonly refreshes: RegexRefreshes;
}

/** One operation on a group: the records of what is decided gather in it, and the group stays as it is. */
export interface Operation {
  readonly surroundings: Surroundings;
  readonly group: ConsumerGroup;
  /** The clock's `elapsed`. */
  readonly now: number;
  readonly records: CoordinatorRecord[];
}
