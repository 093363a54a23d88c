import type { TableRows } from "../../dsl/table-rows.ts";
import { murmur3 } from "../../murmur3.ts";
import type { Operator } from "../../node.ts";
import type { TableJoiner } from "../table-join.ts";
import { bytesBy, type ForeignKeySerdes } from "./key-bytes.ts";
import type { Response } from "./response.ts";

/** How answers are joined with left rows. */
export interface ResponseTerms<K, V, L, W, Out> {
  readonly leftRows: TableRows<K, V>;
  readonly joiner: TableJoiner<K, V | null, W | null, Out | null>;
  readonly isLeft: boolean;
  readonly serdes: ForeignKeySerdes<K, V, L>;
}

/**
 * Joins each answer with the left row that asked. One that was asked by an earlier value of the row, as its
 * hash tells, is dropped: the answer to the present one is still to come (`ResponseJoinProcessorSupplier`).
 */
export function joinResponses<K, V, L, W, Out>({
  leftRows,
  joiner,
  isLeft,
  serdes,
}: ResponseTerms<K, V, L, W, Out>): Operator<K, Response<W>, K, Out | null> {
  return (context) => {
    const { forward, task } = context;
    const view = leftRows.open(context);
    const valueBytes = bytesBy(serdes.value, serdes.topic, "-vh", task);
    return {
      process({ key, value: { hash, foreignValue }, timestamp, headers }) {
        const row = view.get(key);
        const present = row === null ? null : murmur3(valueBytes(row.value));
        const isOutdated =
          hash === null || present === null ? hash !== present : !hash.equals(present);
        if (isOutdated) {
          task.dropped({ why: "outdated" });
          return;
        }
        const left = row === null ? null : row.value;
        const isDeleted = foreignValue === null && (!isLeft || left === null);
        const value = isDeleted ? null : (joiner(left, foreignValue, key) ?? null);
        forward({ key, value, timestamp, headers });
      },
      close: () => view.close?.(),
    };
  };
}
