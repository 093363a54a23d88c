import type { RecordHeaderIn } from "../../protocol/index.ts";

/** What travels as a key, a value or a header without a serializer: text (sent as UTF-8), bytes, or null. */
export type Content = string | Uint8Array | null;

/** A record's headers: a list, where a key may come twice, or an object. */
export type HeadersIn =
  | readonly { readonly key: string; readonly value: Content }[]
  | { readonly [key: string]: Content };

/** A record as it is handed to the producer. */
export interface ProducerRecord<K = Content, V = Content> {
  readonly topic: string;
  /** Chooses the partition, unless `partition` does; null or left out: the producer spreads such records. */
  readonly key?: K | null | undefined;
  /** Null deletes the key in a compacted topic. */
  readonly value: V | null;
  readonly partition?: number | undefined;
  /** Milliseconds since 1970; the time of the call by default. */
  readonly timestamp?: number | undefined;
  readonly headers?: HeadersIn | undefined;
  /** Whatever the caller wants to find again in the record's delivery; it does not travel. */
  readonly metadata?: unknown;
}

/** Where a record has come to lie. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** −1 where the broker did not tell: with `acks: 0`, or when it had the record already. */
  readonly offset: number;
  /** The record's own, or that of its arrival where the topic has `message.timestamp.type=LogAppendTime`. */
  readonly timestamp: number;
}

/** Brings headers into the form in which they are written. */
export function headerList(headers: HeadersIn): readonly RecordHeaderIn[] {
  if (Array.isArray(headers)) return headers;
  return Object.entries(headers).map(([key, value]) => ({ key, value }));
}
