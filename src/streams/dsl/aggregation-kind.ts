import type { Change } from "../message.ts";
import type { Operator } from "../node.ts";
import { type Aggregation, checkParts, type Merger } from "../operators/aggregation.ts";
import { openRowStore } from "../operators/row-store.ts";
import { aggregateSessions } from "../operators/session-window-aggregate.ts";
import { aggregateSliding } from "../operators/sliding-window-aggregate.ts";
import { aggregateStream } from "../operators/stream-aggregate.ts";
import { aggregateWindows } from "../operators/window-aggregate.ts";
import type { Serde } from "../serde.ts";
import type { Windowed } from "../stores/state-store.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import { sessionWindowed, windowed } from "../windowed-serde.ts";
import {
  type EmitStrategy,
  type SessionWindows,
  SlidingWindows,
  type Windows,
} from "../windows.ts";
import {
  type MaterializedOptions,
  type StorePlace,
  type TableMaterializedOptions,
  tableStore,
  type WindowedMaterializedOptions,
} from "./materialized.ts";
import { type OpenRows, openSessions, openWindows } from "./stored-rows.ts";
import { sessionsStore, windowedStore } from "./windowed-materialized.ts";

/** What is particular to aggregations by key alone, by time window or by session, which otherwise are alike. */
export interface AggregationKind<K, KOut, A, Options extends MaterializedOptions<K, A>> {
  /** The grace of its windows, in milliseconds, where it has any. */
  readonly graceMs?: number | undefined;
  /** Whether the rows keep versions; undefined with windows, whose cogroups take that from the nodes above, as on the JVM. */
  readonly isVersioned?: boolean | undefined;
  readonly openRows: OpenRows<KOut, A>;
  keyOf(key: Serde<K>): Serde<KOut>;
  store(place: StorePlace, options: Options): StoreBuilder;
  open<V>(aggregation: Aggregation<K, V, A>): Operator<K, V, KOut, Change<A>>;
}

/** A row for each key. */
export function byKey<K, A>({
  versioned,
}: TableMaterializedOptions<K, A>): AggregationKind<K, K, A, TableMaterializedOptions<K, A>> {
  return {
    isVersioned: versioned !== undefined,
    openRows: openRowStore,
    keyOf: (key) => key,
    store: tableStore,
    open: aggregateStream,
  };
}

/** A row for each key and time window. */
export function byTime<K, A>(
  windows: Windows | SlidingWindows,
  emitStrategy: EmitStrategy,
): AggregationKind<K, Windowed<K>, A, WindowedMaterializedOptions<K, A>> {
  const isSliding = windows instanceof SlidingWindows;
  const size = isSliding ? windows.differenceMs : windows.sizeMs;
  return {
    graceMs: windows.graceMs,
    openRows: openWindows,
    keyOf: (key) => windowed(key, { size }),
    store: (place, options) => windowedStore(place, windows, emitStrategy, options),
    open: (aggregation) =>
      isSliding
        ? aggregateSliding({ ...aggregation, windows, emitStrategy })
        : aggregateWindows({ ...aggregation, windows, emitStrategy }),
  };
}

/** A row for each key and session; the merger makes one of two. */
export function bySession<K, A>(
  windows: SessionWindows,
  emitStrategy: EmitStrategy,
  merger: Merger<K, A>,
): AggregationKind<K, Windowed<K>, A, WindowedMaterializedOptions<K, A>> {
  checkParts({ merger });
  return {
    graceMs: windows.gapMs + windows.graceMs,
    openRows: openSessions,
    keyOf: sessionWindowed,
    store: (place, options) => sessionsStore(place, windows, emitStrategy, options),
    open: (aggregation) => aggregateSessions({ ...aggregation, windows, emitStrategy, merger }),
  };
}
