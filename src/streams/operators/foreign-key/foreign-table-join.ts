import type { Change } from "../../message.ts";
import type { Operator } from "../../node.ts";
import { toBuffer } from "../../stores/byte-text.ts";
import { bytesBy, combinedKey, type ForeignKeySerdes, primaryKeyIn } from "./key-bytes.ts";
import type { Response } from "./response.ts";
import type { SubscriptionStore } from "./subscription-receive.ts";

/** Tells all left rows that subscribe to a right row of its change (`ForeignTableJoinProcessorSupplier`). */
export function joinForeignTable<K, V, L, W>(
  { primaryKey, foreignKey, topic }: ForeignKeySerdes<K, V, L>,
  storeName: string,
  terms: { readonly followsVersions: boolean },
): Operator<L, Change<W>, K, Response<W>> {
  return (context) => {
    const { forward, task } = context;
    const { followsVersions } = terms;
    const store = context.store<SubscriptionStore>(storeName);
    const foreignBytes = bytesBy(foreignKey, topic, "-fk", task);
    return {
      process({ key: foreign, value: { newValue, isLatest }, timestamp, headers }) {
        if (foreign === null || (followsVersions && !isLatest)) {
          task.dropped({ why: foreign === null ? "null-key" : "out-of-order" });
          return;
        }
        for (const [row, { value }] of store.prefixScan(combinedKey(foreignBytes(foreign)))) {
          const { hash, primaryPartition } = value;
          const primary = primaryKeyIn(toBuffer(row));
          const key = primaryKey.deserialize(primary, 0, primary.length);
          const response = { hash, foreignValue: newValue, primaryPartition };
          forward({ key, value: response, timestamp, headers });
        }
      },
    };
  };
}
