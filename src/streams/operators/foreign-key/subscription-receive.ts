import type { Operator } from "../../node.ts";
import type { TimestampedKeyValueStore } from "../../stores/state-store.ts";
import { bytesBy, combinedKey, type ForeignKeySerdes } from "./key-bytes.ts";
import type { Subscription } from "./subscription.ts";

/** The subscriptions to the right rows of a task, by foreign and primary key. */
export type SubscriptionStore = TimestampedKeyValueStore<Uint8Array, Subscription>;

/**
 * Keeps or forgets subscriptions as they say, and hands them on to be answered. One to no row at all is
 * only answered (`SubscriptionReceiveProcessorSupplier`).
 */
export function receiveSubscriptions<L>(
  { foreignKey, topic }: Pick<ForeignKeySerdes<never, never, L>, "foreignKey" | "topic">,
  storeName: string,
): Operator<L | null, Subscription, L | null, Subscription> {
  return (context) => {
    const { forward, task } = context;
    const store = context.store<SubscriptionStore>(storeName);
    const foreignBytes = bytesBy(foreignKey, topic, "-fk", task);
    return {
      process(message) {
        const { key, value: subscription, timestamp } = message;
        const { instruction, primaryKey } = subscription;
        if (key === null) {
          if (instruction === "propagate-null-if-missing") forward(message);
          else task.dropped({ why: "null-foreign-key" });
          return;
        }
        const row = combinedKey(foreignBytes(key), primaryKey);
        const isOver =
          instruction === "delete-and-propagate" || instruction === "delete-no-propagate";
        store.put(row, isOver ? null : { value: subscription, timestamp });
        forward(message);
      },
    };
  };
}
