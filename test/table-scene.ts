import { KStream } from "../src/streams/dsl/kstream.ts";
import { KTable } from "../src/streams/dsl/ktable.ts";
import { type BuildOptions, StreamsBuilder } from "../src/streams/dsl/streams-builder.ts";
import type { TableOptions } from "../src/streams/dsl/table-source.ts";
import type { Headers } from "../src/streams/message.ts";
import type { DroppedRecord } from "../src/streams/runtime/task.ts";
import type { Serde } from "../src/streams/serde.ts";
import { serde, string } from "../src/streams/serdes.ts";
import type { TimestampedKeyValueStore } from "../src/streams/stores/state-store.ts";
import {
  TopologyTestDriver,
  type TopologyTestDriverOptions,
} from "../src/streams/testing/topology-test-driver.ts";
import type { Topology } from "../src/streams/topology.ts";

/** Declares a program; the table or stream that it gives is written to the topic `out`, its keys and values as text. */
export type Declare = (tables: Tables) => unknown;

/** A builder whose tables have text for keys and values. */
export class Tables {
  readonly builder = new StreamsBuilder();

  table(topic: string, options: Partial<TableOptions<string, string>> = {}) {
    return this.builder.table(topic, { key: string, value: string, ...options });
  }

  stream(topic: string) {
    return this.builder.stream(topic, { key: string, value: string });
  }
}

/** A program of tables in a test driver: records go in and come out as lines. */
export class TableScene implements Disposable {
  readonly topology: Topology;
  readonly driver: TopologyTestDriver;
  readonly dropped: DroppedRecord[] = [];

  constructor(
    declare: Declare,
    {
      build,
      ...options
    }: TopologyTestDriverOptions & { readonly build?: BuildOptions | undefined } = {},
  ) {
    const tables = new Tables();
    const declared = declare(tables);
    const result = declared instanceof KTable ? declared.toStream() : declared;
    if (result instanceof KStream) result.to("out", { key: shown, value: shown });
    this.topology = tables.builder.build(build);
    const onDropped = (record: DroppedRecord) => void this.dropped.push(record);
    this.driver = new TopologyTestDriver(this.topology, { onDropped, ...options });
  }

  /** Puts records in, as `topic key=value@timestamp`; without `key=` the key is null, without a value that. */
  pipe(...records: readonly string[]): this {
    for (const record of records) this.pipeWith([], record);
    return this;
  }

  /** The same for one record with headers. */
  pipeWith(headers: Headers, record: string): this {
    const [, topic = "", key, value, at] = /^(\S+) (?:(.*?)=)?(.*)@(\d+)$/.exec(record) ?? [];
    const bytes = (text: string | undefined) => (text ? Buffer.from(text) : null);
    this.driver.pipeRaw({
      topic,
      key: bytes(key),
      value: bytes(value),
      timestamp: Number(at),
      headers,
    });
    return this;
  }

  /** What was written to a topic since the last time, as `key=value@timestamp`. */
  take(topic = "out"): string[] {
    return this.raw(topic).map(({ key, value, timestamp }) => `${key}=${value}@${timestamp}`);
  }

  /** What was written to a topic since the last time, as bytes. */
  raw(topic: string) {
    return Array.from({ length: this.driver.countRaw(topic) }, () => {
      const record = this.driver.takeRaw(topic);
      if (record) return record;
      throw new Error(`nothing is in ${topic}`);
    });
  }

  /** The rows of a store, as `key=value@timestamp`. */
  rows(store: string): string[] {
    const rows = this.driver.store<TimestampedKeyValueStore<string, unknown>>(store);
    if (!rows) throw new Error(`there is no store ${store}`);
    return [...rows.all()].map(([key, { value, timestamp }]) => `${key}=${value}@${timestamp}`);
  }

  /** Why records were dropped. */
  reasons(): string[] {
    return this.dropped.map(({ reason }) => reason.why);
  }

  [Symbol.dispose](): void {
    this.driver.close();
  }
}

/** Keys and values of all kinds as text; a windowed key as `key[start,end]`. */
const shown: Serde<unknown> = serde({
  serialize(value) {
    if (typeof value !== "object" || value === null || !("window" in value)) return `${value}`;
    const { key, window } = value as {
      readonly key: unknown;
      readonly window: { readonly start: number; readonly end: number };
    };
    return `${key}[${window.start},${window.end}]`;
  },
  deserialize: (bytes) => bytes.toString(),
});
