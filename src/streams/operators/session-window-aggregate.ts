import { type Change, noHeaders } from "../message.ts";
import type { NodeContext, Operator, TaskContext } from "../node.ts";
import type { Row, SessionStore, Windowed } from "../stores/state-store.ts";
import type { EmitStrategy, SessionWindows } from "../windows.ts";
import type { Aggregation, Merger } from "./aggregation.ts";
import { finalChange, finalEmitter } from "./emit-final.ts";
import { changeForwarder, type ForwardChange } from "./forward-change.ts";

/** An aggregation by sessions. */
export interface SessionAggregation<K, V, A> extends Aggregation<K, V, A> {
  readonly windows: SessionWindows;
  readonly merger: Merger<K, A>;
  readonly emitStrategy: EmitStrategy;
}

/**
 * Takes each record into a session of its key: that within whose gap it lies, or several, which become
 * one, or a new one. Sessions that it changes are deleted first, and so are their results. Records
 * without a key are dropped, and those whose session has closed (`KStreamSessionWindowAggregate`).
 */
export function aggregateSessions<K, V, A>(
  aggregation: SessionAggregation<K, V, A>,
): Operator<K, V, Windowed<K>, Change<A>> {
  const { terms, windows, emitStrategy } = aggregation;
  const keptMs = windows.gapMs + windows.graceMs;
  return (context) => {
    const { task } = context;
    const { store: name, sendsOldValues } = terms;
    const store = context.store<SessionStore<K, A>>(name);
    const isFinal = emitStrategy === "on-window-close";
    const forward = isFinal ? undefined : changeForwarder(context, store, sendsOldValues, endOf);
    const take = sessionTaker({ aggregation, task, store, forward });
    const emitFinal = isFinal ? sessionEmitter(context, name, store) : undefined;
    let streamTime = -1;
    return {
      process({ key, value, timestamp, headers }) {
        if (key === null) {
          task.dropped({ why: "null-key" });
          return;
        }
        streamTime = Math.max(streamTime, timestamp);
        const closeTime = streamTime - keptMs;
        take(key, value, timestamp, closeTime);
        emitFinal?.(closeTime, headers);
      },
    };
  };
}

interface SessionTerms<K, V, A> {
  readonly aggregation: SessionAggregation<K, V, A>;
  readonly task: TaskContext;
  readonly store: SessionStore<K, A>;
  /** Undefined where results are sent on when sessions close, or out of a cache. */
  readonly forward: ForwardChange<Windowed<K>, A> | undefined;
}

/** Takes a record into its session, with the time before which sessions have closed. */
function sessionTaker<K, V, A>({ aggregation, task, store, forward }: SessionTerms<K, V, A>) {
  const { initializer, aggregator, merger, windows } = aggregation;
  const { gapMs } = windows;
  return (key: K, value: V, timestamp: number, closeTime: number): void => {
    const merged: Row<Windowed<K>, A>[] = [];
    let start = timestamp;
    let end = timestamp;
    let result = initializer();
    for (const row of store.findSessions(key, timestamp - gapMs, timestamp + gapMs)) {
      const { window } = row[0];
      merged.push(row);
      result = merger(result, row[1], key);
      start = Math.min(start, window.start);
      end = Math.max(end, window.end);
    }
    if (end < closeTime) {
      const lateMs = closeTime - end;
      task.dropped({ why: "late", windowStart: start, windowEnd: end, lateMs });
      return;
    }
    // A session of this one time is put over, not deleted.
    if (start !== timestamp || end !== timestamp) {
      for (const [session, old] of merged) {
        store.remove(session);
        forward?.(session, null, old, session.window.end, noHeaders);
      }
    }
    const fresh = aggregator(result, value, key) ?? null;
    const session = { key, window: { start, end } };
    store.put(session, fresh);
    // As on the JVM, updates of sessions bear no headers, unless they come out of a cache.
    forward?.(session, fresh, null, end, noHeaders);
  };
}

/** Sends the results of sessions on that end before the close time and did not at the last one. */
function sessionEmitter<K, A>(
  context: NodeContext<Windowed<K>, Change<A>>,
  name: string,
  store: SessionStore<K, A>,
) {
  return finalEmitter(context.task, name, {
    range(closeTime, lastCloseTime) {
      const from = Math.max(0, lastCloseTime);
      const to = closeTime - 1;
      return to < from ? undefined : [from, to];
    },
    emit(from, to, headers) {
      for (const [key, value] of store.findEndedSessions(from, to)) {
        context.forward({ key, value: finalChange(value), timestamp: key.window.end, headers });
      }
    },
  });
}

function endOf({ window }: Windowed<unknown>): number {
  return window.end;
}
