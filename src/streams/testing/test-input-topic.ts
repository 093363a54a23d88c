import type { Serializer } from "../../client/index.ts";
import { type Headers, noHeaders } from "../message.ts";
import type { Serde } from "../serde.ts";
import { checkFormats } from "../serde-check.ts";
import { bytesOf } from "./captured-output.ts";
import type { RawTestRecord, TestRecordIn } from "./test-record.ts";

/** What records are written with. */
export interface TestInputTopicOptions<K, V> {
  readonly key: Serializer<K>;
  readonly value: Serializer<V>;
  /** The timestamp of the first record that names none; the driver's time by default. */
  readonly startTime?: number | undefined;
  /** By how much the timestamp grows with each record that names none, in milliseconds; 0 by default. */
  readonly autoAdvanceMs?: number | undefined;
}

/** Where the records of an input topic go. */
export interface RecordSinkhole {
  pipeRaw(
    record: Omit<RawTestRecord, "partition"> & { readonly partition?: number | undefined },
  ): void;
}

/** A topic that a test writes to. Each record is processed, with all that follows from it, within the call. */
export class TestInputTopic<K, V> {
  readonly topic: string;
  readonly #driver: RecordSinkhole;
  readonly #options: TestInputTopicOptions<K, V>;
  #time: number;

  /** Made by `TopologyTestDriver.createInputTopic`. */
  constructor(driver: RecordSinkhole, topic: string, options: TestInputTopicOptions<K, V>) {
    checkFormats(options, ["serialize"], `the input topic ${topic}`);
    this.topic = topic;
    this.#driver = driver;
    this.#options = options;
    this.#time = options.startTime ?? 0;
  }

  /** Moves the time of records that name none. */
  advanceTime(ms: number): void {
    this.#time += ms;
  }

  /** Writes a key and a value. */
  pipe(key: K | null, value: V | null, timestamp?: number): void {
    this.pipeRecord({ key, value, timestamp });
  }

  /** Writes a record. */
  pipeRecord({ key, value, timestamp, headers = noHeaders, partition }: TestRecordIn<K, V>): void {
    const at = timestamp ?? this.#next();
    this.#driver.pipeRaw({
      topic: this.topic,
      partition,
      key: this.#bytesBy(this.#options.key, key, headers),
      value: this.#bytesBy(this.#options.value, value, headers),
      timestamp: at,
      headers,
    });
  }

  /** Writes values without keys, one after the other. */
  pipeValues(values: Iterable<V | null>): void {
    for (const value of values) this.pipeRecord({ key: null, value });
  }

  #next(): number {
    const time = this.#time;
    this.#time += this.#options.autoAdvanceMs ?? 0;
    return time;
  }

  /** Within a record of the topic, where the format needs to know, as for an application's sinks. */
  #bytesBy<T>(
    serializer: Serializer<T> & Pick<Serde<T>, "serializeFor">,
    value: T | null | undefined,
    headers: Headers,
  ): Buffer | null {
    if (value === null || value === undefined) return null;
    return bytesOf(
      serializer.serializeFor
        ? serializer.serializeFor(value, this.topic, headers)
        : serializer.serialize(value),
    );
  }
}
