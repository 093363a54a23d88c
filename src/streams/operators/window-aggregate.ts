import type { Change } from "../message.ts";
import type { NodeContext, Operator } from "../node.ts";
import type { TimestampedWindowStore, Window, Windowed } from "../stores/state-store.ts";
import type { EmitStrategy, Windows } from "../windows.ts";
import type { Aggregation } from "./aggregation.ts";
import { finalChange, finalEmitter } from "./emit-final.ts";
import { changeForwarder } from "./forward-change.ts";

/** An aggregation by windows that follow from timestamps. */
export interface WindowAggregation<K, V, A> extends Aggregation<K, V, A> {
  readonly windows: Windows;
  readonly emitStrategy: EmitStrategy;
}

/**
 * Takes each record into the aggregates of the windows that its timestamp falls into, except those that
 * have closed: their end is at or before the greatest timestamp seen here less the grace. Records without
 * a key are dropped, those without a value are not (`KStreamWindowAggregate`).
 */
export function aggregateWindows<K, V, A>(
  aggregation: WindowAggregation<K, V, A>,
): Operator<K, V, Windowed<K>, Change<A>> {
  const { terms, initializer, aggregator, windows, emitStrategy } = aggregation;
  const { graceMs } = windows;
  return (context) => {
    const { task } = context;
    const { store: name, sendsOldValues } = terms;
    const store = context.store<TimestampedWindowStore<K, A>>(name);
    const isFinal = emitStrategy === "on-window-close";
    const forward = isFinal ? undefined : changeForwarder(context, store, sendsOldValues);
    const emitFinal = isFinal ? windowEmitter(context, name, store, windows) : undefined;
    let streamTime = -1;
    return {
      process({ key, value, timestamp, headers }) {
        if (key === null) {
          task.dropped({ why: "null-key" });
          return;
        }
        streamTime = Math.max(streamTime, timestamp);
        const closeTime = streamTime - graceMs;
        for (const window of windows.windowsFor(timestamp)) {
          const { start, end } = window;
          if (end <= closeTime) {
            const lateMs = closeTime - end;
            task.dropped({ why: "late", windowStart: start, windowEnd: end, lateMs });
            continue;
          }
          const row = store.fetch(key, start);
          // What the initializer made counts as the old value too, as it does on the JVM.
          const old = row === null ? initializer() : row.value;
          const time = row === null ? timestamp : Math.max(timestamp, row.timestamp);
          const fresh = aggregator(old, value, key) ?? null;
          store.put(key, fresh === null ? null : { value: fresh, timestamp: time }, start);
          forward?.({ key, window }, fresh, old, time, headers);
        }
        emitFinal?.(closeTime, headers);
      },
    };
  };
}

/** Sends the results of windows on that end at or before the close time and did not at the last one. */
function windowEmitter<K, A>(
  context: NodeContext<Windowed<K>, Change<A>>,
  name: string,
  store: TimestampedWindowStore<K, A>,
  windows: Windows,
) {
  const { sizeMs } = windows;
  return finalEmitter(context.task, name, {
    range(closeTime, lastCloseTime) {
      const to = closeTime - sizeMs;
      if (to < 0) return undefined;
      if (lastCloseTime === -1) return [0, to];
      const from = Math.max(0, lastCloseTime - sizeMs) + 1;
      const isSame = areEqual(windows.windowsFor(to), windows.windowsFor(from - 1));
      return isSame ? undefined : [from, to];
    },
    emit(from, to, headers) {
      for (const [key, { value, timestamp }] of store.fetchAll(from, to)) {
        context.forward({ key, value: finalChange(value), timestamp, headers });
      }
    },
  });
}

function areEqual(one: readonly Window[], other: readonly Window[]): boolean {
  const isEqual = ({ start, end }: Window, index: number) =>
    other[index]?.start === start && other[index]?.end === end;
  return one.length === other.length && one.every(isEqual);
}
