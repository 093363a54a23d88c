import type { Disk } from "../../disk.ts";
import { BatchHeaders } from "./batch-reader.ts";
import { type LogFileName, parseLogFileName } from "./log-file-names.ts";

/**
 * Brings a partition's directory into order in which a program died while it replaced segments by
 * compacted ones, or while it deleted some; gives the names that are left. The new files are `.cleaned`
 * until all are written, and are then renamed to `.swap`, the greatest offset first: if one is still
 * `.cleaned`, the replacement is given up, else it is finished (`LogLoader`).
 */
export function finishReplacements(disk: Disk, directory: string): string[] {
  const names = disk.list(directory);
  const files = names.map(parseLogFileName).filter((file) => file !== undefined);
  if (files.every(({ suffix }) => suffix === "")) return names;
  const withSuffix = (suffix: string) => files.filter((file) => file.suffix === suffix);
  const remove = (some: readonly LogFileName[]) => {
    for (const { name } of some) disk.remove(`${directory}/${name}`);
  };
  remove(withSuffix(".deleted"));
  const cleaned = withSuffix(".cleaned");
  const firstCleaned = Math.min(...cleaned.map(({ offset }) => offset));
  const swaps = withSuffix(".swap").filter(({ offset }) => offset < firstCleaned);
  remove(withSuffix(".swap").filter(({ offset }) => offset >= firstCleaned));
  remove(cleaned);
  const logs = swaps.filter(({ kind }) => kind === ".log");
  const start = Math.min(...logs.map(({ offset }) => offset));
  const end = Math.max(
    ...logs.map(({ name, offset }) => endOffsetOf(disk, directory, name, offset)),
  );
  remove(withSuffix("").filter(({ offset }) => offset >= start && offset < end));
  for (const { name } of swaps) {
    disk.rename(`${directory}/${name}`, `${directory}/${name.slice(0, -".swap".length)}`);
  }
  return disk.list(directory);
}

/** The offset after the last of a segment's file, as its batches say. */
function endOffsetOf(disk: Disk, directory: string, name: string, baseOffset: number): number {
  const file = disk.open(`${directory}/${name}`);
  try {
    const headers = new BatchHeaders(file, 0, file.size());
    let end = baseOffset;
    while (headers.next()) end = headers.lastOffset + 1;
    return end;
  } finally {
    file.close();
  }
}
