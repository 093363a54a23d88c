import type { KGroupedStream } from "../../src/streams/dsl/grouped-stream.ts";
import type { KGroupedTable } from "../../src/streams/dsl/grouped-table.ts";
import { KStream } from "../../src/streams/dsl/kstream.ts";
import { KTable } from "../../src/streams/dsl/ktable.ts";
import { type BuildOptions, StreamsBuilder } from "../../src/streams/dsl/streams-builder.ts";
import type { Serde } from "../../src/streams/serde.ts";
import { int64, string } from "../../src/streams/serdes.ts";
import type { Topology } from "../../src/streams/topology.ts";
import { sessionWindowed, windowed } from "../../src/streams/windowed-serde.ts";
import { makeAggregate } from "./aggregation.ts";
import type { Case, CaseOperator } from "./case.ts";
import { storeOptions, suppressOptions, windowsOf } from "./case-options.ts";
import {
  aggregator,
  keyFunction,
  keyType,
  pairFunction,
  pairValueType,
  predicate,
  split,
  type Type,
  type Value,
  valueFunction,
  valueType,
} from "./functions.ts";
import { makeJoin } from "./joins.ts";
import { addGlobalStore, endStream, extractorOf, processed, transformed } from "./processing.ts";
import { buildProcessors, describesProcessors } from "./processor-topology.ts";

/** What an operator gave: a stream, table or something grouped; and its types. */
export interface Made {
  readonly what: unknown;
  readonly key: Type;
  readonly value: Type;
  /** The operator that cut it into windows. */
  readonly window?: CaseOperator | undefined;
}

/** How a store's rows are listed. */
export type StoreForm = "key-value" | "window" | "session" | "versioned";

/** A stream of what cases are about. */
export type Stream = KStream<Value, Value>;
/** A table of the same. */
export type Table = KTable<Value, Value>;

/** Builds a case's topology with this project's DSL. */
export class CaseTopology {
  /** The named stores and how they are listed. */
  readonly stores = new Map<string, StoreForm>();
  readonly #case: Case;
  readonly #builder: StreamsBuilder;
  readonly #made = new Map<string, Made>();
  readonly #inputs = new Map<string, { readonly key: Type; readonly value: Type }>();
  readonly #outputs = new Map<
    string,
    { readonly key: Serde<unknown>; readonly value: Serde<unknown> }
  >();

  constructor(one: Case) {
    this.#case = one;
    const format = one.config?.["dsl.store.format"]?.toLowerCase();
    const isInMemory = one.config?.["default.dsl.store"] === "in_memory";
    this.#builder = new StreamsBuilder({
      // As on the JVM's side: a table's mapValues without a store takes no serde.
      defaultKey: string as never,
      defaultValue: string as never,
      storeFormat: format === "headers" ? "headers" : undefined,
      storeType: isInMemory ? "memory" : undefined,
    });
  }

  build(): Topology {
    const { topology } = this.#case;
    const inputs = (topic: string) =>
      void this.#inputs.set(topic, { key: "string", value: "string" });
    if (describesProcessors(topology)) {
      const outputs = (topic: string) =>
        void this.#outputs.set(topic, { key: string, value: string } as never);
      return buildProcessors(topology, { inputs, outputs, stores: this.stores });
    }
    for (const one of this.#case.topology) {
      const made = this.#make(one);
      if (made && one.id !== undefined) this.#made.set(one.id, made);
    }
    const asked = this.#case.config?.["topology.optimization"] ?? "none";
    const isList = asked !== "none" && asked !== "all";
    const optimization = (isList ? asked.split(",") : asked) as BuildOptions["optimization"];
    const ensure = this.#case.config?.["ensure.explicit.internal.resource.naming"] === "true";
    return this.#builder.build({ optimization, ensureExplicitInternalResourceNaming: ensure });
  }

  inputTypes(topic: string): { readonly key: Type; readonly value: Type } {
    return this.#inputs.get(topic) ?? { key: "string", value: "string" };
  }

  /** How a topic of the case's own is read; undefined for internal ones. */
  outputTypes(topic: string) {
    return this.#outputs.get(topic);
  }

  #of({ of = "" }: CaseOperator): Made {
    return this.#made.get(of) as Made;
  }

  #with(one: CaseOperator): Made {
    return this.#made.get(one.with ?? "") as Made;
  }

  #make(one: CaseOperator): Made | undefined {
    switch (one.op) {
      case "stream":
      case "table":
      case "globalTable":
        return this.#source(one);
      case "split":
        return this.#split(one);
      case "to":
        return this.#to(one);
      case "foreach":
      case "print":
        return endStream(one, this.#of(one));
      case "process":
      case "processValues":
        this.#note(one, "key-value");
        return processed(one, this.#of(one));
      case "addGlobalStore":
        this.#inputs.set(one.topic ?? "", { key: "string", value: "string" });
        this.#note(one, "key-value");
        addGlobalStore(this.#builder, one);
        return undefined;
      case "groupByKey":
      case "groupBy":
        return this.#group(one);
      case "windowTime":
      case "windowSliding":
      case "windowSession":
      case "windowUnlimited":
      case "emit":
        return this.#window(one);
      case "count":
      case "reduce":
      case "aggregate":
        return this.#aggregate(one);
      case "cogroup":
        return this.#cogroup(one);
      case "join":
      case "leftJoin":
      case "outerJoin":
        return this.#join(one);
      default:
        return this.#transform(one);
    }
  }

  #source(one: CaseOperator): Made {
    const { op, name, pattern, topics = [], topic = "", key = "string", value = "string" } = one;
    for (const input of op === "stream" ? topics : [topic]) this.#inputs.set(input, { key, value });
    const timestampExtractor = one.extractor && (extractorOf(one.extractor) as never);
    const serdes = { key: serdeOf(key), value: serdeOf(value), name, timestampExtractor };
    if (op === "stream") {
      const read = pattern === undefined ? topics : new RegExp(pattern);
      return { what: this.#builder.stream(read, serdes), key, value };
    }
    this.#note(one, "key-value");
    const options = { ...serdes, ...storeOptions(one) };
    const what =
      op === "table"
        ? this.#builder.table(topic, options as never)
        : this.#builder.globalTable(topic, options as never);
    return { what, key, value };
  }

  #transform(one: CaseOperator): Made {
    const of = this.#of(one);
    if (of.what instanceof KTable) return this.#transformTable(one, of, of.what as Table);
    const from = of.what as Stream;
    const { name, fn = ["none"] } = one;
    const { key, value, window } = of;
    switch (one.op) {
      case "filter":
        return { ...of, what: from.filter(predicate(fn), { name }) };
      case "filterNot":
        return { ...of, what: from.filterNot(predicate(fn), { name }) };
      case "mapValues":
        return {
          key,
          value: valueType(fn, value),
          window,
          what: from.mapValues(valueFunction(fn), { name }),
        };
      case "map":
        return {
          key: "string",
          value: pairValueType(fn, value),
          what: from.map(pairFunction(fn), { name }),
        };
      case "selectKey":
        return { key: keyType(fn, key), value, what: from.selectKey(keyFunction(fn), { name }) };
      case "flatMap": {
        const parts = (own: Value) => split(fn, own).map((part) => [part, part] as const);
        return { key: "string", value: "string", what: from.flatMap(parts, { name }) };
      }
      case "flatMapValues":
        return {
          key,
          value: "string",
          window,
          what: from.flatMapValues((own) => split(fn, own), { name }),
        };
      case "peek":
        return { ...of, what: from.peek(() => {}, { name }) };
      case "merge":
        return { ...of, what: from.merge(this.#with(one).what as Stream, { name }) };
      case "repartition": {
        const serdes = { key: keySerde(of), value: serdeOf(value) };
        return {
          ...of,
          what: from.repartition({ ...serdes, name, numPartitions: one.partitions } as never),
        };
      }
      case "toTable": {
        this.#note(one, "key-value");
        const options = { name, key: keySerde(of), value: serdeOf(value), ...storeOptions(one) };
        return { ...of, what: from.toTable(options as never) };
      }
      default:
        throw new Error(`the format has no operator ${one.op}`);
    }
  }

  #transformTable(one: CaseOperator, of: Made, from: Table): Made {
    const { name, fn = ["none"] } = one;
    const { key, value, window } = of;
    const isMaterialized = [one.store, one.kind, one.cache, one.log].some((x) => x !== undefined);
    const stored = (type: Type) => {
      if (!isMaterialized) return { name };
      this.#note(one, "key-value");
      return { name, key: keySerde(of), value: serdeOf(type), ...storeOptions(one) };
    };
    switch (one.op) {
      case "filter":
        return { ...of, what: from.filter(predicate(fn), stored(value) as never) };
      case "filterNot":
        return { ...of, what: from.filterNot(predicate(fn), stored(value) as never) };
      case "mapValues": {
        const type = valueType(fn, value);
        return {
          key,
          value: type,
          window,
          what: from.mapValues(valueFunction(fn), stored(type) as never),
        };
      }
      case "toStream":
        return { ...of, what: from.toStream({ name }) };
      case "suppress":
        return { ...of, what: from.suppress(suppressOptions(one) as never) };
      case "transformValues":
        return {
          ...of,
          value: valueType(fn, value),
          what: transformed(one, from, stored(valueType(fn, value))),
        };
      default:
        throw new Error(`the format has no operator ${one.op} on a table`);
    }
  }

  #split(one: CaseOperator): undefined {
    const of = this.#of(one);
    const branched = (of.what as Stream).split({ name: one.name });
    const keep = (id: string, name?: string) => ({
      name,
      consume: (what: Stream) => void this.#made.set(id, { ...of, what }),
    });
    for (const { id, fn, name } of one.branches ?? []) {
      branched.branch(predicate(fn), keep(id, name));
    }
    if (typeof one.default === "string") branched.defaultBranch(keep(one.default));
    else branched.noDefaultBranch();
  }

  #group(one: CaseOperator): Made {
    const of = this.#of(one);
    const { name, fn = ["none"] } = one;
    if (of.what instanceof KTable) {
      const value = pairValueType(fn, of.value);
      const serdes = { key: string as never, value: serdeOf(value) };
      const what = (of.what as Table).groupBy(
        pairFunction(fn) as never,
        { name, ...serdes } as never,
      );
      return { what, key: "string", value };
    }
    const from = of.what as Stream;
    if (one.op === "groupByKey") {
      const serdes = { key: keySerde(of), value: serdeOf(of.value) };
      return { ...of, what: from.groupByKey({ name, ...serdes } as never), window: undefined };
    }
    const key = keyType(fn, of.key);
    const serdes = { key: serdeOf(key), value: serdeOf(of.value) };
    return {
      key,
      value: of.value,
      what: from.groupBy(keyFunction(fn), { name, ...serdes } as never),
    };
  }

  #window(one: CaseOperator): Made {
    const of = this.#of(one);
    if (one.op === "emit") {
      const windowed = of.what as { emitStrategy(strategy: string): unknown };
      const strategy = one.strategy === "close" ? "on-window-close" : "on-window-update";
      return { ...of, what: windowed.emitStrategy(strategy) };
    }
    const grouped = of.what as { windowedBy(windows: unknown): unknown };
    return { ...of, what: grouped.windowedBy(windowsOf(one)), window: one };
  }

  #aggregate(one: CaseOperator): Made {
    const of = this.#of(one);
    const form =
      of.window === undefined
        ? "key-value"
        : of.window.op === "windowSession"
          ? "session"
          : "window";
    this.#note(one, form);
    const value = one.op === "count" ? "long" : one.op === "reduce" ? of.value : "string";
    const serdes = { key: serdeOf(of.key), value: serdeOf(value) };
    const options = { name: one.name, ...serdes, ...storeOptions(one) };
    const what = makeAggregate(
      of.what as KGroupedStream<Value, Value> | KGroupedTable<Value, Value>,
      one,
      options,
    );
    return { what, key: of.key, value, window: of.window };
  }

  #cogroup(one: CaseOperator): Made {
    const [first, ...rest] = one.inputs ?? [];
    const of = this.#made.get(first?.of ?? "") as Made;
    let what = (of.what as KGroupedStream<Value, Value>).cogroup(aggregator(first?.fn) as never);
    for (const { of: id, fn } of rest) {
      const grouped = this.#made.get(id)?.what as KGroupedStream<Value, Value>;
      what = what.cogroup(grouped, aggregator(fn) as never) as never;
    }
    return { what, key: of.key, value: "string" };
  }

  #join(one: CaseOperator): Made {
    const left = this.#of(one);
    const right = this.#with(one);
    if (left.what instanceof KTable) this.#note(one, "key-value");
    const what = makeJoin(one, left, right, {
      key: keySerde(left) as never,
      left: serdeOf(left.value),
      right: serdeOf(right.value),
      stored: { name: one.name, key: keySerde(left), value: string, ...storeOptions(one) },
    });
    return { what, key: left.key, value: "string", window: left.window };
  }

  #to(one: CaseOperator): undefined {
    const of = this.#of(one);
    const { topic = "", topicOf, name } = one;
    const serdes = { key: keySerde(of), value: serdeOf(of.value) as Serde<unknown> };
    this.#outputs.set(topic, serdes);
    const chosen = topicOf && keyFunction(topicOf);
    const extractor = ({ key, value }: { key: Value; value: Value }) => `${chosen?.(value, key)}`;
    if (!(of.what instanceof KStream)) throw new Error(`${topic} is not written by a stream`);
    of.what.to(chosen ? extractor : topic, { name, ...serdes } as never);
  }

  #note(one: CaseOperator, form: StoreForm): void {
    if (one.store === undefined) return;
    this.stores.set(one.store, one.kind === "versioned" ? "versioned" : form);
  }
}

/** The serde of a type. */
export function serdeOf(type: Type): Serde<Value> {
  return (type === "long" ? int64 : string) as Serde<Value>;
}

/** The serde of the keys that an operator gave, windowed ones among them. */
export function keySerde({ key, window }: Made): Serde<unknown> {
  const inner = serdeOf(key) as Serde<unknown>;
  if (window === undefined) return inner;
  if (window.op === "windowSession") return sessionWindowed(inner) as Serde<unknown>;
  if (window.op === "windowUnlimited") return windowed(inner) as Serde<unknown>;
  const size = window.op === "windowSliding" ? window.difference : window.size;
  return windowed(inner, { size }) as Serde<unknown>;
}
