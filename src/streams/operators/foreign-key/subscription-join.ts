import type { TableRows } from "../../dsl/table-rows.ts";
import type { Operator } from "../../node.ts";
import type { Serde } from "../../serde.ts";
import type { Response } from "./response.ts";
import type { Subscription } from "./subscription.ts";

/** Answers each subscription, as it asks for, with the right row that there is now (`SubscriptionJoinProcessorSupplier`). */
export function joinSubscriptions<K, L, W>(
  rightRows: TableRows<L, W>,
  primaryKeySerde: Serde<K>,
): Operator<L | null, Subscription, K, Response<W>> {
  return (context) => {
    const { forward } = context;
    const view = rightRows.open(context);
    return {
      process({ key: foreignKey, value: subscription, timestamp, headers }) {
        const { hash, instruction, primaryKey, primaryPartition } = subscription;
        const row = foreignKey === null ? null : view.get(foreignKey);
        if (instruction === "delete-no-propagate") return;
        if (instruction === "propagate-only-if-present" && row === null) return;
        const isOver = instruction === "delete-and-propagate";
        const foreignValue = row === null || isOver ? null : row.value;
        const key = primaryKeySerde.deserialize(primaryKey, 0, primaryKey.length);
        const time = row === null ? timestamp : Math.max(timestamp, row.timestamp);
        forward({ key, value: { hash, foreignValue, primaryPartition }, timestamp: time, headers });
      },
      close: () => view.close?.(),
    };
  };
}
