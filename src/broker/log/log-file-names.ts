/** The endings of the files that make up one segment: batches, offset index, time index, aborted transactions. */
export const segmentFileKinds = [".log", ".index", ".timeindex", ".txnindex"] as const;

/** The ending of one of a segment's files. */
export type SegmentFileKind = (typeof segmentFileKinds)[number];

/** What follows a segment's file name while the segment is not, or no longer, a part of the log. */
export type SegmentSuffix = "" | ".cleaned" | ".swap" | ".deleted";

/** What a file in a partition's directory is by its name. */
export interface LogFileName {
  readonly name: string;
  /** The number that the name starts with. */
  readonly offset: number;
  readonly kind: SegmentFileKind | ".snapshot";
  readonly suffix: SegmentSuffix;
}

const pattern =
  /^(\d{20})(\.log|\.index|\.timeindex|\.txnindex|\.snapshot)(|\.cleaned|\.swap|\.deleted)$/;

/** The name of a file that starts with an offset: 20 digits and an ending, as Kafka's `LogFileUtils` has it. */
export function logFileName(offset: number, ending: string): string {
  return `${String(offset).padStart(20, "0")}${ending}`;
}

/** Reads the name of a segment's or a snapshot's file; undefined for all other files. */
export function parseLogFileName(name: string): LogFileName | undefined {
  const found = pattern.exec(name);
  if (!found) return undefined;
  const offset = Number(found[1]);
  if (!Number.isSafeInteger(offset)) return undefined;
  const kind = found[2] as LogFileName["kind"];
  return { name, offset, kind, suffix: found[3] as SegmentSuffix };
}

/** The name of a partition's directory. */
export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Reads the name of a partition's directory; undefined for others and for those on their way out. */
export function parsePartitionDirectory(
  name: string,
): { readonly topic: string; readonly partition: number } | undefined {
  const found = /^(.+)-(\d+)$/.exec(name);
  if (!found) return undefined;
  return { topic: found[1] as string, partition: Number(found[2]) };
}

const longestName = 255;

/**
 * The name of a partition's directory from its deletion until its files go. The id makes it unique
 * among the topics that had the same name; the topic's name is cut where the whole would be too long.
 */
export function deletedDirectoryName(topic: string, partition: number, topicId: string): string {
  const ending = `-${partition}.${topicId.replaceAll("-", "")}${deletedDirectorySuffix}`;
  return topic.slice(0, longestName - ending.length) + ending;
}

/** How the name of a deleted partition's directory ends. */
export const deletedDirectorySuffix = "-delete";
