import type { Change } from "../../message.ts";
import { murmur3 } from "../../murmur3.ts";
import type { Operator } from "../../node.ts";
import type { ValueMapper } from "../stateless.ts";
import { bytesBy, type ForeignKeySerdes } from "./key-bytes.ts";
import type { Instruction, Subscription } from "./subscription.ts";

/** How left rows subscribe to right ones. */
export interface SubscriptionTerms<K, V, L> {
  readonly foreignKeyOf: ValueMapper<K, V, L | null>;
  /** Whether left rows without a right one have a result. */
  readonly isLeft: boolean;
  readonly serdes: ForeignKeySerdes<K, V, L>;
  readonly terms: { readonly followsVersions: boolean };
}

/** Says which right key is told to do what with a left row. */
type Tell<L> = (foreignKey: L | null, instruction: Instruction) => void;

/**
 * Subscribes each changed left row to the right row whose key it gives, and ends the subscription to the
 * one before (`SubscriptionSendProcessorSupplier`).
 */
export function sendSubscriptions<K, V, L>({
  foreignKeyOf,
  isLeft,
  serdes,
  terms,
}: SubscriptionTerms<K, V, L>): Operator<K, Change<V>, L | null, Subscription> {
  return ({ forward, task }) => {
    const { followsVersions } = terms;
    const primaryBytes = bytesBy(serdes.primaryKey, serdes.topic, "-pk", task);
    const foreignBytes = bytesBy(serdes.foreignKey, serdes.topic, "-fk", task);
    const valueBytes = bytesBy(serdes.value, serdes.topic, "-vh", task);
    const keyIn = (value: V | null, key: K) =>
      value === null ? null : (foreignKeyOf(value, key) ?? null);
    const hasMoved = (fresh: L | null, old: L) =>
      fresh === null || !foreignBytes(fresh).equals(foreignBytes(old));
    const decide = isLeft ? decideLeft<L> : decideInner<L>;
    return {
      process({ key, value: { newValue, oldValue, isLatest }, timestamp, headers }) {
        if (followsVersions && !isLatest) {
          task.dropped({ why: "out-of-order" });
          return;
        }
        const old = keyIn(oldValue, key);
        const fresh = keyIn(newValue, key);
        if (isLeft && oldValue === null && newValue === null) return;
        if (!isLeft && newValue !== null && fresh === null) {
          task.dropped({ why: "null-foreign-key" });
        }
        let hash: Buffer | null | undefined;
        decide(old, fresh, hasMoved, (foreignKey, instruction) => {
          hash ??= newValue === null ? null : murmur3(valueBytes(newValue));
          const primaryKey = primaryBytes(key);
          const primaryPartition = task.partition;
          const value = { hash, instruction, primaryKey, primaryPartition };
          forward({ key: foreignKey, value, timestamp, headers });
        });
      },
    };
  };
}

/**
 * Every change needs an answer, since there is a result without a right row too. A null key, of a row that
 * is deleted or has none, subscribes to nothing and is answered all the same.
 */
function decideLeft<L>(
  old: L | null,
  fresh: L | null,
  hasMoved: (fresh: L | null, old: L) => boolean,
  tell: Tell<L>,
): void {
  if (old !== null && hasMoved(fresh, old)) tell(old, "delete-no-propagate");
  tell(fresh, "propagate-null-if-missing");
}

/**
 * There may be a result to take back if the row had a key before: then null is to be answered where there
 * is no right row now. The JVM does not know either whether there was one.
 */
function decideInner<L>(
  old: L | null,
  fresh: L | null,
  hasMoved: (fresh: L | null, old: L) => boolean,
  tell: Tell<L>,
): void {
  if (fresh === null) {
    if (old !== null) tell(old, "delete-and-propagate");
  } else if (old !== null && hasMoved(fresh, old)) {
    tell(old, "delete-no-propagate");
    tell(fresh, "propagate-null-if-missing");
  } else {
    tell(fresh, "propagate-only-if-present");
  }
}
