import type { Headers } from "../message.ts";

/** A record as a test writes it. */
export interface TestRecordIn<K, V> {
  readonly key?: K | null | undefined;
  readonly value: V | null;
  /** Milliseconds since 1970; by default the input topic's own time. */
  readonly timestamp?: number | undefined;
  readonly headers?: Headers | undefined;
  /** Where the topic has several partitions; by the hash of the key by default. */
  readonly partition?: number | undefined;
}

/** A record as a test finds it. */
export interface TestRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  readonly timestamp: number;
  readonly headers: Headers;
  readonly partition: number;
}

/** A record as bytes. */
export interface RawTestRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers: Headers;
}
