import type { Operator } from "../node.ts";
import type { Release } from "../stores/suppress-buffer.ts";
import type { TimeOrderedBuffer } from "../stores/time-ordered-buffer.ts";
import { joinTable, type StreamTableJoin } from "./stream-table-join.ts";

/** Joins like {@link joinTable}, but lets each record wait until the grace is over (KIP-923). */
export function joinTableInTime<K, V, L, W, Out>(
  terms: StreamTableJoin<K, V, L, W, Out>,
  bufferName: string,
): Operator<K, V, K, Out> {
  const join = joinTable(terms);
  const { keyOf, isLeft } = terms;
  return (context) => {
    const { task } = context;
    const { process: joinNow, close } = join(context);
    const buffer: TimeOrderedBuffer<K, V> = context.store(bufferName);
    const release: Release<K, V> = (message, metadata) =>
      context.withRecord(message, metadata, joinNow);
    return {
      process(message) {
        const { key, value } = message;
        const isUseless = value === null || (!isLeft && keyOf(value, key) === null);
        if (isUseless) {
          task.dropped({ why: value === null ? "null-value" : "null-key" });
        } else if (buffer.put(message, task.recordMetadata())) {
          buffer.evictWhile(() => true, release);
        } else {
          joinNow(message);
        }
      },
      close: () => close?.(),
    };
  };
}
