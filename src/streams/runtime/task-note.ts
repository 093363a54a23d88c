import { DecodeError } from "../../errors.ts";
import { Reader, Writer } from "../../protocol/index.ts";

/** What an instance tells the leader of its group besides what it reads: who it is, and which state it has on disk. */
export interface TaskNote {
  /** A UUID: the same for all threads of a process, and for the process that comes back to its state directory. */
  readonly processId: string;
  /** For each task with state on disk the sum of its changelogs' offsets there. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** The version of the format; later ones append fields, and what is left over is ignored. */
const version = 1;

/** Writes a note as the user data of a member's subscription. */
export function encodeTaskNote({ processId, offsets }: TaskNote): Buffer {
  const writer = new Writer();
  writer.int16(version);
  writer.uuid(processId);
  writer.int32(offsets.size);
  for (const [taskId, offset] of offsets) {
    const [subtopology, partition] = taskId.split("_");
    writer.int32(Number(subtopology));
    writer.int32(Number(partition));
    writer.int64(offset);
  }
  return writer.toBuffer();
}

/** Reads a member's note; undefined where there is none that makes sense. */
export function decodeTaskNote(userData: Buffer | null): TaskNote | undefined {
  if (!userData) return undefined;
  try {
    const reader = new Reader(userData);
    if (reader.int16() < version) return undefined;
    const processId = reader.uuid();
    const offsets = new Map<string, number>();
    for (let left = reader.int32(); left > 0; left--) {
      const taskId = `${reader.int32()}_${reader.int32()}`;
      offsets.set(taskId, reader.int64());
    }
    return { processId, offsets };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
