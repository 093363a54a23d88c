import type { Disk } from "../../disk.ts";

/** The version of Kafka's checkpoint files: a line with it, one with the number of entries, then the entries. */
const checkpointVersion = "0";

/** Reads a small file whole; undefined where it is missing. */
export function readWholeFile(disk: Disk, path: string): Buffer | undefined {
  if (!disk.exists(path)) return undefined;
  const file = disk.open(path);
  try {
    const bytes = Buffer.alloc(file.size());
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/**
 * Writes a small file whole, so that after a crash there is either the old one or the new one. A loss
 * of power may leave neither, unless it `isSafe`: that takes two syncs.
 */
export function writeWholeFile(
  disk: Disk,
  path: string,
  content: Buffer | string,
  { isSafe }: { readonly isSafe: boolean },
): void {
  const temporary = `${path}.tmp`;
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const file = disk.open(temporary);
  try {
    file.truncate(0);
    if (bytes.length > 0) file.write([bytes], 0);
    if (isSafe) file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, path);
  if (isSafe) disk.syncDirectory(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
}

/**
 * Reads the entries of a checkpoint file (`CheckpointFile`), each a line's words. Undefined where the
 * file is missing or makes no sense, which a loss of power can bring about.
 */
export function readCheckpoint(disk: Disk, path: string): string[][] | undefined {
  const text = readWholeFile(disk, path)?.toString();
  if (text === undefined) return undefined;
  const [version, count, ...lines] = text.split("\n");
  if (version !== checkpointVersion) return undefined;
  const entries = lines.filter((line) => line !== "").map((line) => line.trim().split(/\s+/));
  return entries.length === Number(count) ? entries : undefined;
}

/** Writes a checkpoint file; see {@link writeWholeFile}. */
export function writeCheckpoint(
  disk: Disk,
  path: string,
  entries: readonly string[],
  options: { readonly isSafe: boolean },
): void {
  const text = [checkpointVersion, String(entries.length), ...entries, ""].join("\n");
  writeWholeFile(disk, path, text, options);
}

/** Reads a checkpoint of offsets by partition, keyed "topic-partition"; empty where there is none. */
export function readOffsetCheckpoint(disk: Disk, path: string): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const [topic, partition, offset, ...rest] of readCheckpoint(disk, path) ?? []) {
    const value = Number(offset);
    if (rest.length > 0 || !Number.isSafeInteger(value)) return new Map();
    offsets.set(`${topic}-${partition}`, value);
  }
  return offsets;
}
