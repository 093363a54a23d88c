import type { Serde } from "./serde.ts";
import { checkInnerSerde } from "./serde-check.ts";

/** A serde made by {@link nullable}. */
export interface NullableSerde<T> extends Serde<T | null> {
  /** What values other than null become bytes by. */
  readonly inner: Serde<T>;
}

/** The serde for values that may be null: null stays null and everything else is up to `inner`. */
export function nullable<T>(inner: Serde<T>): NullableSerde<T> {
  checkInnerSerde(inner, "nullable");
  const { serializeFor, partitionKey, prepare } = inner;
  return {
    inner,
    serialize: (value) => (value === null ? null : inner.serialize(value)),
    deserialize: (buffer, start, end) => inner.deserialize(buffer, start, end),
    copies: inner.copies,
    isExact: inner.isExact,
    ...(serializeFor && {
      serializeFor: (value, topic, headers) =>
        value === null ? null : serializeFor.call(inner, value, topic, headers),
    }),
    ...(partitionKey && {
      partitionKey: (value, topic) =>
        value === null ? null : partitionKey.call(inner, value, topic),
    }),
    ...(prepare && { prepare: (batch, topic) => prepare.call(inner, batch, topic) }),
  };
}
