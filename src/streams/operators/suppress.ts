import { MillraceError } from "../../errors.ts";
import type { TableView } from "../dsl/table-rows.ts";
import type { Change, Message } from "../message.ts";
import type { Operator } from "../node.ts";
import type { Release, SuppressBuffer } from "../stores/suppress-buffer.ts";

/** How long changes are held back, and what becomes of them when there is no more room. */
export interface Suppression<K> {
  /** The name of the buffer. */
  readonly store: string;
  /** How far stream time must be ahead of a change's time for the change to go on, in milliseconds. */
  readonly holdMs: number;
  /** The time that a change waits by. */
  readonly timeOf: (key: K, timestamp: number) => number;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly whenFull: "emit-early" | "shut-down";
  /** Whether deletions of rows that were never sent on need not be sent on either. */
  readonly dropsTombstones: boolean;
}

/**
 * Holds the changes of a table back, keeps the last one of each key, and hands it on when its time has come
 * by the greatest timestamp seen here (KIP-328; `KTableSuppressProcessorSupplier`).
 */
export function suppressTable<K, V>(
  suppression: Suppression<K>,
): Operator<K, Change<V>, K, Change<V>> {
  const { store, holdMs, timeOf, maxRecords, maxBytes, whenFull, dropsTombstones } = suppression;
  return (context) => {
    const { forward, task, name } = context;
    const buffer = context.store<SuppressBuffer<K, V>>(store);
    let streamTime = -1;
    const isDue = () => buffer.minTimestamp <= streamTime - holdMs;
    const isFull = () => buffer.recordCount > maxRecords || buffer.bytes > maxBytes;
    const release: Release<K, Change<V>> = (message, metadata) => {
      if (dropsTombstones && message.value.newValue === null) return;
      context.withRecord(message, metadata, forward);
    };
    return {
      process(message: Message<K, Change<V>>) {
        streamTime = Math.max(streamTime, message.timestamp);
        buffer.put(timeOf(message.key, message.timestamp), message, task.recordMetadata());
        buffer.evictWhile(isDue, release);
        if (!isFull()) return;
        if (whenFull === "shut-down") refuseMore(name, buffer);
        buffer.evictWhile(isFull, release);
      },
    };
  };
}

/** The rows of a suppressed table: for a key that waits, the value from before it began to. */
export function suppressView<K, V>(
  buffer: SuppressBuffer<K, V>,
  { get, close }: TableView<K, V>,
): TableView<K, V> {
  return {
    get(key) {
      const prior = buffer.priorValue(key);
      if (!prior) return get(key);
      // Its time is not known, as on the JVM.
      return prior.value === null ? null : { value: prior.value, timestamp: -1 };
    },
    asOf: undefined,
    close,
  };
}

function refuseMore(
  name: string,
  { recordCount, bytes }: Pick<SuppressBuffer<never, never>, "recordCount" | "bytes">,
): never {
  const message = `the buffer of ${name} is full: it holds ${recordCount} records, ${bytes} bytes; give it more room, or let it emit early`;
  throw new MillraceError("INVALID_STATE", message);
}
