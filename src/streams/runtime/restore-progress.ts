/** What happens to the restoration of a store (KIP-869's `StateRestoreListener`). */
export interface RestoreProgress {
  /** "suspended": it was stopped before its end, because the task went elsewhere or the application closes. */
  readonly event: "started" | "batch" | "ended" | "suspended";
  readonly taskId: string;
  readonly storeName: string;
  readonly topic: string;
  readonly partition: number;
  /** Where this restoration began, is, and will end: offsets of records not yet taken in. */
  readonly startOffset: number;
  readonly offset: number;
  readonly endOffset: number;
  /** How many records were taken in since it began. */
  readonly restored: number;
}
