import type { CaseOperator } from "./case.ts";
import { aggregator, reducer, type Value } from "./functions.ts";

/** What all grouped things of the DSL have in common, as far as cases go. */
interface Grouped {
  count(options: unknown): unknown;
  reduce(...parts: readonly unknown[]): unknown;
  aggregate(...parts: readonly unknown[]): unknown;
}

/** Makes the table of a count, reduce or aggregate over whatever was grouped. */
export function makeAggregate(from: unknown, one: CaseOperator, options: object): unknown {
  const grouped = from as Grouped;
  const kind = (from as object).constructor.name;
  const isTable = kind === "KGroupedTable";
  const isSession = kind.startsWith("Session");
  const isCogrouped = kind.includes("Cogrouped");
  if (one.op === "count") return grouped.count(options);
  if (one.op === "reduce") {
    const adder = reducer(one.fn);
    return isTable
      ? grouped.reduce(adder, reducer(one.sub), options)
      : grouped.reduce(adder, options);
  }
  const empty = () => "";
  const merge = (left: Value, right: Value) => `${left}|${right}`;
  if (isCogrouped) {
    return isSession ? grouped.aggregate(empty, merge, options) : grouped.aggregate(empty, options);
  }
  const add = aggregator(one.fn);
  if (isTable) return grouped.aggregate(empty, add, aggregator(one.sub), options);
  return isSession
    ? grouped.aggregate(empty, add, merge, options)
    : grouped.aggregate(empty, add, options);
}
