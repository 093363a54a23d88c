import { int64Max, readInt64, writeInt64 } from "../../protocol/index.ts";

/** How many characters a time has as text. */
export const timeCharacters = 8;
const scratch = Buffer.alloc(timeCharacters);

/** A time as the text of its eight bytes. */
export function timeText(time: number): string {
  writeInt64(scratch, time, 0);
  return scratch.latin1Slice(0, 8);
}

/** The time that a text begins with. */
export function timeIn(text: string): number {
  for (let at = 0; at < timeCharacters; at += 1) scratch[at] = text.charCodeAt(at);
  return readInt64(scratch, 0);
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
