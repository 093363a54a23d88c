/** The key of the API that a request's frame asks for, read without decoding it; undefined where it is too short for one. */
export function apiKeyOf(frame: Buffer): number | undefined {
  return frame.length >= 2 ? frame.readInt16BE(0) : undefined;
}

/** A frame as the pieces that are to be sent, its length in front. */
export function withLength(frame: Buffer): Buffer[] {
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(frame.length);
  return [length, frame];
}
