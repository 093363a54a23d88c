import { int64Max, writeInt64 } from "../../protocol/index.ts";

const scratch = Buffer.alloc(8);

/** A time as the text of its eight bytes. */
export function timeText(time: number): string {
  writeInt64(scratch, time, 0);
  return scratch.latin1Slice(0, 8);
}

/** A time that an int64 can hold: what is beyond becomes the greatest. */
export function boundedTime(time: number): number {
  return time < int64Max ? time : int64Max;
}

/** A time as its eight bytes. */
export function timeBytes(time: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  writeInt64(bytes, time, 0);
  return bytes;
}
