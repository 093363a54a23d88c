import type { Api } from "../api.ts";
import * as declarations from "./declarations.ts";

export { operationsNotAsked } from "./authorized-operations.ts";
export * from "./declarations.ts";

/** An API of which one knows at run time alone which it is: it takes and gives unknown values. */
export type AnyApi = Api<unknown, unknown, unknown, unknown>;

/** Every API that Apache Kafka 4.3.1 serves to clients, in the order of their keys. */
export const apis: readonly AnyApi[] = Object.values<AnyApi>(declarations).sort(
  (left, right) => left.key - right.key,
);

const byKey = new Map(apis.map((one) => [one.key, one]));

/** The API with a key; undefined if there is none, or none for clients. */
export function apiByKey(key: number): AnyApi | undefined {
  return byKey.get(key);
}
