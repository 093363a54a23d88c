import type { Consumer, Producer } from "../../client/index.ts";
import type { DroppedCount } from "./dropped-records.ts";
import type { StreamsState } from "./instance-state.ts";

/** Where one task of an instance stands. */
export interface TaskMetrics {
  readonly taskId: string;
  readonly state: "restoring" | "running";
  /** The greatest timestamp it has seen, in milliseconds since 1970; −1 before the first. */
  readonly streamTime: number;
}

/** What the loop of an instance has done so far. */
export interface ThreadMetrics {
  readonly tasks: readonly TaskMetrics[];
  readonly processedRecords: number;
  readonly commits: number;
  /** Commits that were put off because the group was between two generations. */
  readonly postponedCommits: number;
  /** Records of changelogs that are still to be taken in. */
  readonly recordsToRestore: number;
  readonly consumer: ReturnType<Consumer["metrics"]>;
  readonly producer: ReturnType<Producer["metrics"]>;
}

/** What an instance has done so far, and where it stands. */
export interface StreamsMetrics {
  readonly state: StreamsState;
  /** Bytes that rows in caches take, as they are estimated. */
  readonly cacheBytes: number;
  readonly dropped: readonly DroppedCount[];
  /** Undefined before it was started, and where the topology has nothing but global stores. */
  readonly thread: ThreadMetrics | undefined;
}
