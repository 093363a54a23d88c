import { callback } from "../callback.ts";
import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import type { Serde } from "../serde.ts";
import { toBuffer } from "../stores/byte-text.ts";
import type { Pair, ValueMapper } from "./stateless.ts";
import type { TableTerms } from "./table-result.ts";

/**
 * Gives the rows of a table to their groups: what is to be taken back from the group of the old row, and
 * added to that of the new one; in one message where that is one group (KIP-904), else the old one first.
 * Of a table with versions only changes of the latest one count (`KTableRepartitionMap`).
 */
export function regroupTable<K, V, L, W>(
  select: ValueMapper<K, V, Pair<L | null, W | null>>,
  key: Serde<L> | undefined,
  terms: Pick<TableTerms, "followsVersions">,
): Operator<K, Change<V>, L, Change<W>> {
  callback(select, "groupBy");
  const areEqual = keyEquality(key);
  return ({ forward }) => {
    const { followsVersions } = terms;
    return {
      process({ key, value: { newValue, oldValue, isLatest }, timestamp, headers }) {
        if (followsVersions && !isLatest) return;
        const fresh = wholePair(newValue === null ? null : select(newValue, key));
        const old = wholePair(oldValue === null ? null : select(oldValue, key));
        const isSame = old && fresh && areEqual(old[0], fresh[0]);
        if (old) {
          const value = { newValue: isSame ? fresh[1] : null, oldValue: old[1], isLatest };
          forward({ key: old[0], value, timestamp, headers });
        }
        if (fresh && !isSame) {
          const value = { newValue: fresh[1], oldValue: null, isLatest };
          forward({ key: fresh[0], value, timestamp, headers });
        }
      },
    };
  };
}

/** The pair, unless its key or value is missing. */
function wholePair<L, W>(pair: Pair<L | null, W | null> | null): Pair<L, W> | undefined {
  const isWhole = pair && (pair[0] ?? null) !== null && (pair[1] ?? null) !== null;
  return isWhole ? (pair as Pair<L, W>) : undefined;
}

/** Compares keys as their bytes are, since objects have no equality of their own. */
function keyEquality<L>(serde: Serde<L> | undefined): (one: L, other: L) => boolean {
  return (one, other) => {
    if (one === other) return true;
    if (typeof one !== "object" || !serde) return false;
    const [bytes, otherBytes] = [serde.serialize(one), serde.serialize(other)];
    if (bytes === null || otherBytes === null) return bytes === otherBytes;
    return toBuffer(bytes).equals(toBuffer(otherBytes));
  };
}
