import type { Operator } from "../node.ts";
import type { WindowStore } from "../stores/state-store.ts";
import type { JoinSpan } from "./stream-join.ts";

/** A join of a stream with itself over one store. */
export interface SelfJoin<K, V, Out> {
  readonly span: JoinSpan;
  readonly joiner: (left: V, right: V, key: K) => Out;
  readonly store: string;
}

/** Joins each record with those before it, and with itself, as both sides at once (KIP-862). */
export function joinSelf<K, V, Out>({
  span: { beforeMs, afterMs, graceMs },
  joiner,
  store: storeName,
}: SelfJoin<K, V, Out>): Operator<K, V, K, Out> {
  const retentionMs = beforeMs + afterMs + graceMs;
  return (context) => {
    const { forward, task } = context;
    const store: WindowStore<K, V> = context.store(storeName);
    const near = (key: K, timestamp: number, before: number, after: number) =>
      store.fetchRange(key, Math.max(0, timestamp - before), Math.max(0, timestamp + after));
    let streamTime = -1;
    return {
      process({ key, value, timestamp, headers }) {
        if (key === null || value === null) {
          task.dropped({ why: key === null ? "null-key" : "null-value" });
          return;
        }
        streamTime = Math.max(streamTime, timestamp);
        for (const [otherTime, other] of near(key, timestamp, beforeMs, afterMs)) {
          const at = Math.max(timestamp, otherTime);
          forward({ key, value: joiner(value, other, key), timestamp: at, headers });
        }
        // A record that is already too old for the store does not meet itself either.
        let isSelfDue = timestamp > streamTime - retentionMs + 1;
        for (const [otherTime, other] of near(key, timestamp, afterMs, beforeMs)) {
          if (otherTime > timestamp && isSelfDue) {
            isSelfDue = false;
            forward({ key, value: joiner(value, value, key), timestamp, headers });
          }
          const at = Math.max(timestamp, otherTime);
          forward({ key, value: joiner(other, value, key), timestamp: at, headers });
        }
        if (isSelfDue) forward({ key, value: joiner(value, value, key), timestamp, headers });
      },
    };
  };
}
