import { type StreamsBuilder, string, tumbling } from "millrace";
import type { Contents } from "./records.ts";

/** A topology whose cost is measured. */
export interface Case {
  readonly name: string;
  /** The engines to try; "none" where there is no store. */
  readonly engines: readonly EngineName[];
  /** Topics that are read before the clock starts. */
  readonly loaded?: Topics | undefined;
  /** Topics that are read while it runs, in turn. */
  readonly read: Topics;
  build(builder: StreamsBuilder, terms: Terms): void;
}

/** Where the rows are; the cached ones are in lmdb behind a cache of the default size. */
export type EngineName = "none" | "memory" | "lmdb" | "lmdb, cached" | "rocksdb";

/** What a case's stores are to be. */
export interface Terms {
  readonly storeType: "memory" | "persistent";
  readonly cache: boolean;
}

interface Topics {
  readonly [topic: string]: Omit<Contents, "records">;
}

const text = { key: string, value: string };
const all: readonly EngineName[] = ["memory", "lmdb", "rocksdb"];
const many = { keys: 100_000 };
const near = { within: 5_000, grace: 1_000 };

/** What is measured: the first one is what all others have in common. */
export const cases: readonly Case[] = [
  {
    name: "read",
    engines: ["none"],
    read: { input: many },
    build: (builder) => builder.stream("input", text).foreach(() => {}),
  },
  {
    name: "read, write",
    engines: ["none"],
    read: { input: many },
    build: (builder) => builder.stream("input", text).to("output", text),
  },
  {
    name: "filter",
    engines: ["none"],
    read: { input: many },
    build: (builder) =>
      builder
        .stream("input", text)
        .filter((value) => value.length > 0)
        .foreach(() => {}),
  },
  {
    name: "mapValues",
    engines: ["none"],
    read: { input: many },
    build: (builder) =>
      builder
        .stream("input", text)
        .mapValues((value) => value.length)
        .foreach(() => {}),
  },
  {
    name: "count",
    engines: ["memory", "lmdb", "lmdb, cached", "rocksdb"],
    read: { input: many },
    build: (builder, { storeType, cache }) =>
      builder.stream("input", text).groupByKey().count({ store: "counts", storeType, cache }),
  },
  {
    name: "windowed count",
    engines: ["memory", "lmdb", "lmdb, cached", "rocksdb"],
    read: { input: many },
    build: (builder, { storeType, cache }) =>
      builder
        .stream("input", text)
        .groupByKey()
        .windowedBy(tumbling({ size: { minutes: 5 }, grace: { minutes: 1 } }))
        .count({ store: "counts", storeType, cache }),
  },
  {
    name: "stream-stream join",
    engines: all,
    // Each record meets one of the other side, on average.
    read: { left: { keys: 10_000 }, right: { keys: 10_000 } },
    build: (builder, { storeType }) =>
      builder
        .stream("left", text)
        .join(builder.stream("right", text), (one, other) => one.length + other.length, {
          ...near,
          storeType,
        })
        .foreach(() => {}),
  },
  {
    name: "table join",
    engines: all,
    loaded: { rows: { ...many, isTable: true } },
    read: { input: many },
    build: (builder, { storeType, cache }) =>
      builder
        .stream("input", text)
        .join(
          builder.table("rows", { ...text, store: "rows", storeType, cache }),
          (value, row) => value.length + row.length,
        )
        .foreach(() => {}),
  },
];
