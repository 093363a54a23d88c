import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import type { Serde } from "../serde.ts";
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
  const areEqual = keyEquality(key);
  return ({ forward }) => {
    const { followsVersions } = terms;
    return {
      process({ key, value: { newValue, oldValue, isLatest }, timestamp, headers }) {
        if (followsVersions && !isLatest) return;
        const fresh = wholePair(newValue === null ? null : select(newValue, key));
        const old = wholePair(oldValue === null ? null : select(oldValue, key));
        const send = (to: L, newOne: W | null, oldOne: W | null) => {
          const value = { newValue: newOne, oldValue: oldOne, isLatest };
          forward({ key: to, value, timestamp, headers });
        };
        if (old && fresh && areEqual(old[0], fresh[0])) {
          send(old[0], fresh[1], old[1]);
          return;
        }
        if (old) send(old[0], null, old[1]);
        if (fresh) send(fresh[0], fresh[1], null);
      },
    };
  };
}

/** The pair, unless its key or value is missing. */
function wholePair<L, W>(pair: Pair<L | null, W | null> | null): Pair<L, W> | undefined {
  if (!pair) return undefined;
  const [key, value] = pair;
  return (key ?? null) === null || (value ?? null) === null ? undefined : [key as L, value as W];
}

/** Compares keys as their bytes are, since objects have no equality of their own. */
function keyEquality<L>(serde: Serde<L> | undefined): (one: L, other: L) => boolean {
  return (one, other) => {
    if (one === other) return true;
    if (typeof one !== "object" || !serde) return false;
    const [bytes, otherBytes] = [serde.serialize(one), serde.serialize(other)];
    if (bytes === null || otherBytes === null) return bytes === otherBytes;
    return Buffer.from(bytes as string).equals(Buffer.from(otherBytes as string));
  };
}
