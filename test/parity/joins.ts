import { KStream } from "../../src/streams/dsl/kstream.ts";
import { KTable } from "../../src/streams/dsl/ktable.ts";
import type { CaseOperator } from "./case.ts";
import type { Made } from "./case-topology.ts";
import { joiner, keyFunction, type Value } from "./functions.ts";

/** What joins of all kinds have in common, as far as cases go. */
interface Joinable {
  join(...parts: readonly unknown[]): unknown;
  leftJoin(...parts: readonly unknown[]): unknown;
  outerJoin(...parts: readonly unknown[]): unknown;
}

/** Serdes and options of a join. */
export interface JoinParts {
  readonly key: unknown;
  readonly left: unknown;
  readonly right: unknown;
  readonly stored: object;
}

/** Makes a join of a case. */
export function makeJoin(
  one: CaseOperator,
  { what: left }: Made,
  { what: right }: Made,
  { stored, ...serdes }: JoinParts,
): unknown {
  const { name, grace, before = 0, after = 0 } = one;
  const from = left as Joinable;
  const op = one.op as keyof Joinable;
  const join = joiner(one.joiner ?? ["pair"]);
  if (left instanceof KTable) {
    if (one.foreignKey === undefined) return from[op](right, join, stored);
    const foreignKey = keyFunction(one.foreignKey);
    return from[op](right, join, { ...stored, foreignKey });
  }
  if (right instanceof KStream) {
    const { store, kind: storeType, log: changelog } = one;
    const options = { before, after, grace, name, store, storeType, changelog };
    return from[op](right, join, { ...options, ...serdes });
  }
  if (right instanceof KTable) return from[op](right, join, { grace, name, ...serdes });
  const keyOf = keyFunction(one.fn ?? ["key"]);
  return from[op](right, join, { by: (value: Value, key: Value) => keyOf(value, key), name });
}
