import type { Deserializer } from "../../client/index.ts";
import { MillraceError } from "../../errors.ts";
import { checkFormats } from "../serde-check.ts";
import type { RawTestRecord, TestRecord } from "./test-record.ts";

/** Where the records of an output topic come from. */
export interface RecordWell {
  takeRaw(topic: string): RawTestRecord | undefined;
  countRaw(topic: string): number;
}

/** A topic that a test reads from: each record is read once. */
export class TestOutputTopic<K, V> {
  readonly topic: string;
  readonly #driver: RecordWell;
  readonly #key: Deserializer<K>;
  readonly #value: Deserializer<V>;

  /** Made by `TopologyTestDriver.createOutputTopic`. */
  constructor(
    driver: RecordWell,
    topic: string,
    { key, value }: { readonly key: Deserializer<K>; readonly value: Deserializer<V> },
  ) {
    checkFormats({ key, value }, ["deserialize"], `the output topic ${topic}`);
    this.topic = topic;
    this.#driver = driver;
    this.#key = key;
    this.#value = value;
  }

  /** How many records wait. */
  get size(): number {
    return this.#driver.countRaw(this.topic);
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** The next record; throws INVALID_STATE where there is none. */
  readRecord(): TestRecord<K, V> {
    const raw = this.#driver.takeRaw(this.topic);
    if (!raw) throw new MillraceError("INVALID_STATE", `nothing waits in the topic ${this.topic}`);
    const { timestamp, headers, partition } = raw;
    const key = decoded(this.#key, raw.key);
    const value = decoded(this.#value, raw.value);
    return { key, value, timestamp, headers, partition };
  }

  /** All records that wait. */
  readRecords(): TestRecord<K, V>[] {
    return Array.from({ length: this.size }, () => this.readRecord());
  }

  /** The value of the next record. */
  readValue(): V | null {
    return this.readRecord().value;
  }

  /** The values of all records that wait. */
  readValues(): (V | null)[] {
    return this.readRecords().map(({ value }) => value);
  }

  /** The last value of each key among the records that wait; a map cannot hold keys that are objects. */
  readMap(): Map<K | null, V | null> {
    return new Map(this.readRecords().map(({ key, value }) => [key, value]));
  }
}

function decoded<T>(deserializer: Deserializer<T>, bytes: Buffer | null): T | null {
  return bytes === null ? null : deserializer.deserialize(bytes, 0, bytes.length);
}
