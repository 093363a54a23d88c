import type { RecordHeader } from "../protocol/index.ts";

/** The headers of a record, in their order; a key may occur more than once. */
export type Headers = readonly RecordHeader[];

/** No headers: shared, so that a record without any costs nothing. */
export const noHeaders: Headers = Object.freeze([]);

/** What travels along the edges of a topology. Never changed: an operator that wants another makes another. */
export interface Message<K, V> {
  readonly key: K;
  readonly value: V;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly headers: Headers;
}

/** What a node does with a message: the next step of whoever hands it on. */
export type Step<K, V> = (message: Message<K, V>) => void;

/** What travels below a KTable: the row's new value and, where the receiver asked for it, the old one; null for no row. */
export interface Change<V> {
  readonly newValue: V | null;
  readonly oldValue: V | null;
  /** False where a versioned table was updated out of order, below a newer version. */
  readonly isLatest: boolean;
}

/** Where the record comes from that is being processed. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
