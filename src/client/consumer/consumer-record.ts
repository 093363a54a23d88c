import type { RecordHeader } from "../../protocol/index.ts";

/** One record as a consumer gives it. */
export class ConsumerRecord<K = Buffer, V = Buffer> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970; −1 if its producer gave none. */
  readonly timestamp: number;
  /** Whether the timestamp was set when the record was made, or when it was appended to the log. */
  readonly timestampType: "create" | "append";
  /** The epoch of the leader that appended it, −1 if unknown. */
  readonly leaderEpoch: number;
  readonly key: K | null;
  readonly value: V | null;
  /** In their order; several may have the same key. */
  readonly headers: readonly RecordHeader[];

  /** Called for every record that is read: all fields at once, in one order, so that all have one shape. */
  constructor(
    topic: string,
    partition: number,
    offset: number,
    timestamp: number,
    timestampType: "create" | "append",
    leaderEpoch: number,
    key: K | null,
    value: V | null,
    headers: readonly RecordHeader[],
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.timestampType = timestampType;
    this.leaderEpoch = leaderEpoch;
    this.key = key;
    this.value = value;
    this.headers = headers;
  }
}
