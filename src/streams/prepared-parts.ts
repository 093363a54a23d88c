import { DecodeError } from "../errors.ts";

/**
 * What lies within the records of a batch, for a serde inside another to prepare for. Records that make no sense
 * have no parts: they are refused when they are read.
 */
export function preparedParts(
  batch: readonly Buffer[],
  partsOf: (bytes: Buffer) => readonly Buffer[],
): Buffer[] {
  return batch.flatMap((bytes) => {
    try {
      return partsOf(bytes);
    } catch (error) {
      if (error instanceof DecodeError) return [];
      throw error;
    }
  });
}

/** Reads bytes as a slice of them. */
export const slices = {
  deserialize: (buffer: Buffer, start: number, end: number): Buffer => buffer.subarray(start, end),
};
