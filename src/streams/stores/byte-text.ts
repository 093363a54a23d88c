/** Bytes as text, one character for each, so that it sorts as the bytes do and can be the key of a map. */
export function textOf(bytes: Buffer): string {
  return bytes.latin1Slice(0, bytes.length);
}

/** The bytes that {@link textOf} was given. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** What a serializer gave, as bytes. */
export function toBuffer(serialized: Uint8Array | string): Buffer {
  if (typeof serialized === "string") return Buffer.from(serialized);
  if (Buffer.isBuffer(serialized)) return serialized;
  return Buffer.from(serialized.buffer, serialized.byteOffset, serialized.byteLength);
}

/** The text of the bytes of what a serializer gave, without making them where they are ASCII. */
export function textOfSerialized(serialized: Uint8Array | string): string {
  if (typeof serialized === "string" && isAscii(serialized)) return serialized;
  return textOf(toBuffer(serialized));
}

function isAscii(text: string): boolean {
  let union = 0;
  for (let at = 0; at < text.length; at += 1) union |= text.charCodeAt(at);
  return union < 0x80;
}

/** The least bytes that are above all that begin with these; undefined where there are none. */
export function prefixEnd(prefix: Uint8Array): Buffer | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  const end = Buffer.from(prefix.subarray(0, length));
  end[length - 1] = (prefix[length - 1] as number) + 1;
  return end;
}

/** The least bytes above these: turns an inclusive end into an exclusive one. */
export function after(bytes: Buffer): Buffer {
  const next = Buffer.allocUnsafe(bytes.length + 1);
  bytes.copy(next);
  next[bytes.length] = 0;
  return next;
}

/** Orders texts of bytes as their bytes are. */
export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
