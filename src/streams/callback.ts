import { TopologyError } from "../errors.ts";

const asyncFunction = Object.getPrototypeOf(async () => {});
const asyncGenerator = Object.getPrototypeOf(async function* () {});

/**
 * Gives back what an operator calls for each record. Throws INVALID_TOPOLOGY unless it is a function, and where it
 * is an async one: nobody would wait for its promise, which would pass for the result.
 */
export function callback<F>(run: F, operator: string): F {
  if (typeof run !== "function") {
    const found = run === null ? "null" : typeof run;
    throw new TopologyError("INVALID_TOPOLOGY", `${operator} needs a function, not ${found}`);
  }
  const kind = Object.getPrototypeOf(run);
  if (kind !== asyncFunction && kind !== asyncGenerator) return run;
  const message = `${operator} does not wait for the promise of an async function: mapValuesAsync, flatMapValuesAsync, filterAsync, foreachAsync and processAsync do`;
  throw new TopologyError("INVALID_TOPOLOGY", message);
}
