import { type Message, Reader, Writer } from "../../protocol/index.ts";

/**
 * A record of `__consumer_offsets` or `__transaction_state`: key and value each begin with an int16,
 * the key's being its kind. A null value is a tombstone.
 */
export interface CoordinatorRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/** Encodes a record's key, which begins with its kind and follows in version 0; or a value, which begins with its version. */
export function encodePart<Out, In>(
  type: Message<Out, In>,
  prefix: number,
  value: In,
  version: number = prefix,
): Buffer {
  const writer = new Writer();
  writer.int16(prefix);
  type.encode(writer, version, value);
  return writer.toBuffer();
}

/** Decodes a record's key, past its kind; `Out`'s text is a copy, its bytes are slices. */
export function decodeKey<Out, In>(type: Message<Out, In>, key: Buffer): Out {
  return type.decode(new Reader(key, { position: 2 }), 0);
}

/** Decodes a record's value in the version that it begins with; its bytes are slices. */
export function decodeValue<Out, In>(type: Message<Out, In>, value: Buffer): Out {
  const reader = new Reader(value);
  return type.decode(reader, reader.int16());
}

/** The kind of a record, which its key begins with. Throws a `DecodeError` where it is too short. */
export function recordKindOf(key: Buffer): number {
  return new Reader(key).int16();
}

/** The group that a record of `__consumer_offsets` is about: all keys have it first. */
export function groupIdOf(key: Buffer): string {
  const reader = new Reader(key, { position: 2 });
  return reader.text(reader.int16());
}
