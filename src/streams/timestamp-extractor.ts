import { MillraceError } from "../errors.ts";
import type { Headers, RecordMetadata } from "./message.ts";

/** A record as a timestamp extractor sees it. */
export interface ExtractorRecord<K, V> extends RecordMetadata {
  readonly key: K;
  readonly value: V;
  /** The timestamp that the record came with, in milliseconds since 1970; −1 for none. */
  readonly timestamp: number;
  readonly headers: Headers;
}

/**
 * Says when a record happened, in milliseconds since 1970. `partitionTime` is the greatest time seen
 * before in the record's partition, or −1. A negative result, and NaN, drops the record; fractions are cut off.
 */
export type TimestampExtractor<K = unknown, V = unknown> = (
  record: ExtractorRecord<K, V>,
  partitionTime: number,
) => number;

/** Takes the record's own timestamp, and stops the task where it has none: the default. */
export const failOnInvalidTimestamp: TimestampExtractor = (record) => {
  if (record.timestamp >= 0) return record.timestamp;
  const { topic, partition, offset } = record;
  const place = `${topic}-${partition} at offset ${offset}`;
  const message = `the record of ${place} has the timestamp ${record.timestamp}: choose another timestamp extractor for the topic, such as usePartitionTimeOnInvalidTimestamp`;
  throw new MillraceError("INVALID_STATE", message);
};

/** Takes the record's own timestamp, and drops the record where it has none. */
export const logAndSkipOnInvalidTimestamp: TimestampExtractor = ({ timestamp }) => timestamp;

/** Takes the record's own timestamp, or where it has none the greatest one seen before in its partition. */
export const usePartitionTimeOnInvalidTimestamp: TimestampExtractor = (record, partitionTime) => {
  if (record.timestamp >= 0) return record.timestamp;
  if (partitionTime >= 0) return partitionTime;
  const { topic, partition, offset } = record;
  const message = `the record of ${topic}-${partition} at offset ${offset} has the timestamp ${record.timestamp}, and none came before it`;
  throw new MillraceError("INVALID_STATE", message);
};

/** Makes an extractor that takes the time of processing, from the clock given. */
export function wallclockTimestamp(now: () => number): TimestampExtractor {
  return () => now();
}
