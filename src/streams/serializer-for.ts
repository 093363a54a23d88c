import type { Serializer } from "../client/index.ts";
import type { Headers } from "./message.ts";

/**
 * What can write all values of a type, null aside, which no serializer sees. Unlike {@link Serializer}, whose
 * methods are checked loosely, one of narrower values does not fit.
 */
export interface SerializerFor<T> extends Serializer<T> {
  serialize: (value: NonNullable<T>) => Uint8Array | string | null;
  serializeFor?(value: T, topic: string, headers: Headers): Uint8Array | string | null;
  partitionKey?(value: T, topic: string): Uint8Array | string | null;
}
