import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";

/** Makes records of a table's changes: each row's new value, null where it is deleted. */
export function tableToStream<K, V>(): Operator<K, Change<V>, K, V | null> {
  return ({ forward }) => ({
    process({ key, value, timestamp, headers }) {
      forward({ key, value: value.newValue, timestamp, headers });
    },
  });
}
