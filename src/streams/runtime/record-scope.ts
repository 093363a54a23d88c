import {
  type Headers,
  type Message,
  noHeaders,
  type RecordMetadata,
  type Step,
} from "../message.ts";

/**
 * What is true of the record that a task works on at the moment: where it comes from, and the timestamp and
 * headers of the message that is on its way. One per task, changed in place: stores and changelogs
 * read it per write.
 */
export class RecordScope {
  topic: string | undefined;
  partition = -1;
  offset = -1;
  timestamp = -1;
  headers: Headers = noHeaders;
  /** The node at work, for error messages. */
  node = "";

  /** Where the record comes from; undefined within a punctuation. */
  metadata(): RecordMetadata | undefined {
    const { topic, partition, offset } = this;
    return topic === undefined ? undefined : { topic, partition, offset };
  }

  /** Begins with a record of a topic. */
  begin(
    topic: string | undefined,
    partition: number,
    offset: number,
    timestamp: number,
    headers: Headers,
  ): void {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.headers = headers;
  }

  /** Begins with no record, as punctuations do. */
  beginAt(timestamp: number): void {
    this.begin(undefined, -1, -1, timestamp, noHeaders);
  }

  /** Does something with another record as the one at work, and comes back. */
  within<K, V>(
    message: Message<K, V>,
    metadata: RecordMetadata | undefined,
    step: Step<K, V>,
  ): void {
    const { topic, partition, offset, timestamp: outerTimestamp, headers: outerHeaders } = this;
    this.begin(
      metadata?.topic,
      metadata?.partition ?? -1,
      metadata?.offset ?? -1,
      message.timestamp,
      message.headers,
    );
    try {
      step(message);
    } finally {
      this.begin(topic, partition, offset, outerTimestamp, outerHeaders);
    }
  }
}
