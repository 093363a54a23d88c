import type { StreamsBuilder } from "../../src/streams/dsl/streams-builder.ts";
import type { ValueTransformerContext } from "../../src/streams/operators/table-transform-values.ts";
import { string } from "../../src/streams/serdes.ts";
import type { TimestampedKeyValueStore } from "../../src/streams/stores/state-store.ts";
import type { TimestampExtractor } from "../../src/streams/timestamp-extractor.ts";
import type { CaseOperator } from "./case.ts";
import type { Made, Stream, Table } from "./case-topology.ts";
import { type Value, valueFunction } from "./functions.ts";
import { fillerOf, fixedKeySupplierOf, storeOf, supplierOf } from "./processors.ts";

/** Runs a processor of the case's in the DSL; it brings the store along that it names. */
export function processed(one: CaseOperator, of: Made): Made {
  const { op, name, store, uses } = one;
  const from = of.what as Stream;
  const stores = [
    ...(store === undefined ? [] : [storeOf(one)]),
    ...(uses === undefined ? [] : [uses]),
  ];
  const what =
    op === "processValues"
      ? from.processValues(fixedKeySupplierOf(one) as never, { name, stores })
      : from.process(supplierOf(one) as never, { name, stores });
  return { ...of, value: "string", what };
}

/** Gives a table's rows other values by a transformer; with `uses` it adds what that store has for the key. */
export function transformed(one: CaseOperator, from: Table, options: object): unknown {
  const apply = valueFunction(one.fn ?? ["none"]);
  const { uses } = one;
  const supply = () => {
    let rows: TimestampedKeyValueStore<Value, Value> | undefined;
    return {
      init(context: ValueTransformerContext) {
        if (uses !== undefined) rows = context.store(uses);
      },
      transform(value: Value, key: Value) {
        return rows ? `${apply(value)}@${rows.get(key)?.value ?? "null"}` : apply(value);
      },
    };
  };
  return from.transformValues(supply, { ...options, stores: uses === undefined ? [] : [uses] });
}

/** Ends a stream in something that leaves no record. */
export function endStream({ op, name }: CaseOperator, { what }: Made): undefined {
  const from = what as Stream;
  if (op === "print") from.print({ name, write: () => {} });
  else from.foreach(() => {}, { name });
}

/** Adds a global store that a processor of the case's fills. */
export function addGlobalStore(builder: StreamsBuilder, one: CaseOperator): void {
  const { topic = "", name, store = "" } = one;
  const builtStore = storeOf({ ...one, log: false });
  const serdes = { key: string, value: string, name };
  builder.addGlobalStore(builtStore, topic, fillerOf(store) as never, serdes);
}

/** When a record happened: the digits of its value, or one after the latest of its partition. */
export function extractorOf(name: "digits" | "next"): TimestampExtractor<never, never> {
  if (name === "next") return (_record, partitionTime) => partitionTime + 1;
  return ({ value }) => {
    const digits = `${value}`.replaceAll(/[^0-9]/g, "");
    return digits === "" ? -1 : Number(digits);
  };
}
