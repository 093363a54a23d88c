import { TopologyError } from "../../errors.ts";
import {
  checkPeriod,
  checkSerdes,
  opened,
  openRows,
  type Restorable,
  type StoreOptions,
  stateOf,
  storeBuilder,
} from "./builder-options.ts";
import { KeyCodec, plainFormat, type RowFormat, timestampedFormat } from "./codec.ts";
import { headersFormat, timestampHeadersFormat } from "./headers-format.ts";
import { unwrapping } from "./key-value-builders.ts";
import { MemorySessionRows } from "./memory-session-rows.ts";
import { MemoryWindowRows } from "./memory-window-rows.ts";
import { SegmentedWindowRows } from "./segmented-window-rows.ts";
import { Segments } from "./segments.ts";
import { SegmentedSessionRows, type SessionRows } from "./session-rows.ts";
import { RowsSessionStore } from "./session-store.ts";
import type {
  AggregationWithHeaders,
  FlushListener,
  SessionStore,
  TimestampedWindowStore,
  ValueAndTimestamp,
  ValueTimestampHeaders,
  Windowed,
  WindowStore,
} from "./state-store.ts";
import type { StoreBuilder, StoreEnvironment } from "./store-builder.ts";
import { windowIndex } from "./time-first-schema.ts";
import { keyFirst, timeFirst, type WindowLayout } from "./window-layout.ts";
import type { WindowRows } from "./window-rows.ts";
import { RowsWindowStore } from "./window-store.ts";

/** Options of session stores. */
export interface SessionStoreOptions<K, V> extends StoreOptions<K, V> {
  /** How long sessions are kept behind the latest that was written; at least the gap and the grace. */
  readonly retentionMs: number;
  /** Orders rows by time, with an index by key, as results on close want them; only for persistent stores. */
  readonly isTimeOrdered?: boolean | undefined;
}

/** Options of window stores. */
export interface WindowStoreOptions<K, V> extends StoreOptions<K, V> {
  readonly windowSizeMs: number;
  /** How long windows are kept behind the latest that was written; at least their size. */
  readonly retentionMs: number;
  /** Whether each put adds a row, also where there is one for the key and start; false by default. */
  readonly retainsDuplicates?: boolean | undefined;
  /**
   * Orders rows by time, as results on close want them, alone or with an index by key; only for
   * persistent stores. With an index there is no cache.
   */
  readonly timeOrder?: "plain" | "indexed" | undefined;
}

/** A store of values by key and window start, as `Stores.windowStoreBuilder` makes it. */
export function windowStore<K, V>(
  name: string,
  options: WindowStoreOptions<K, V>,
): StoreBuilder<WindowStore<K, V>> {
  return windowBuilder(name, options, "window", (environment) => {
    const { topic, task } = environment;
    const format = plainFormat(options.value, topic, task, options.logsHeaders);
    return new RowsWindowStore(windowParts(name, options, format, environment));
  });
}

/** The same with the time that each value was written at, as windowed aggregations have it (KIP-258). */
export function timestampedWindowStore<K, V>(
  name: string,
  options: WindowStoreOptions<K, V>,
): StoreBuilder<TimestampedWindowStore<K, V>> {
  return windowBuilder(name, options, "timestamped-window", (environment) => {
    const { topic, task } = environment;
    const format = timestampedFormat(options.value, topic, task, options.logsHeaders);
    return new TimestampedWindows(windowParts(name, options, format, environment));
  });
}

/** The same with the time and the headers that each value was written with (KIP-1271). */
export function timestampedWindowStoreWithHeaders<K, V>(
  name: string,
  options: Omit<WindowStoreOptions<K, V>, "logsHeaders">,
): StoreBuilder<WindowStore<K, ValueTimestampHeaders<V>>> {
  return windowBuilder(name, options, "timestamped-window", (environment) => {
    const format = timestampHeadersFormat(options.value, environment.topic);
    return new RowsWindowStore(windowParts(name, options, format, environment));
  });
}

/** A store of values by key and session, as `Stores.sessionStoreBuilder` makes it. */
export function sessionStore<K, V>(
  name: string,
  options: SessionStoreOptions<K, V>,
): StoreBuilder<SessionStore<K, V>> {
  return sessionBuilder(name, options, ({ topic, task }) =>
    plainFormat(options.value, topic, task, options.logsHeaders),
  );
}

/** The same with the headers that each value was written with (KIP-1271). */
export function sessionStoreWithHeaders<K, V>(
  name: string,
  options: Omit<SessionStoreOptions<K, V>, "logsHeaders">,
): StoreBuilder<SessionStore<K, AggregationWithHeaders<V>>> {
  return sessionBuilder(name, options, ({ topic }) => headersFormat(options.value, topic));
}

function sessionBuilder<K, V, S>(
  name: string,
  options: SessionStoreOptions<K, S>,
  formatIn: (environment: StoreEnvironment) => RowFormat<V>,
): StoreBuilder<SessionStore<K, V>> {
  checkSerdes(name, options);
  checkPeriod(name, "retentionMs", options.retentionMs);
  const { retentionMs, key, storeType = "persistent", cache = false, logsHeaders } = options;
  return storeBuilder(options, {
    kind: "session",
    name,
    retentionMs,
    open(environment) {
      const { topic, task } = environment;
      const isPersistent = storeType === "persistent";
      const intervalMs = isPersistent ? segmentIntervalMs(retentionMs) : 1;
      const store = new RowsSessionStore({
        name,
        isPersistent,
        keys: new KeyCodec(key, topic, task, name),
        format: formatIn(environment),
        rows: sessionRows(name, options, environment),
        environment,
        cacheIntervalMs: cache ? intervalMs : undefined,
        // As `SessionCacheFlushListenerWithHeader`: results have the headers of the aggregate, which has none.
        forwardsHeaders: logsHeaders !== "deletions",
      });
      return opened(store);
    },
  });
}

/** How much time a segment covers by default: half of what is kept, but a minute at least. */
export function segmentIntervalMs(retentionMs: number): number {
  return Math.max(Math.floor(retentionMs / 2), 60_000);
}

/** Tells listeners of plain values, under the time of the new one. */
class TimestampedWindows<K, V>
  extends RowsWindowStore<K, ValueAndTimestamp<V>>
  implements TimestampedWindowStore<K, V>
{
  onFlush(listener: FlushListener<Windowed<K>, V>, sendOldValues: boolean): boolean {
    return this.listen(unwrapping(listener), sendOldValues);
  }
}

function windowBuilder<K, V, S extends Restorable>(
  name: string,
  options: WindowStoreOptions<K, V>,
  kind: "window" | "timestamped-window",
  open: (environment: StoreEnvironment) => S,
): StoreBuilder<S> {
  checkSerdes(name, options);
  const { windowSizeMs, retentionMs } = options;
  checkPeriod(name, "windowSizeMs", windowSizeMs);
  checkPeriod(name, "retentionMs", retentionMs);
  if (retentionMs < windowSizeMs) {
    const message = `the store ${name} keeps windows of ${windowSizeMs} ms for ${retentionMs} ms only: give it a retentionMs of ${windowSizeMs} or more`;
    throw new TopologyError("RETENTION_TOO_SHORT", message);
  }
  return storeBuilder(options, {
    kind,
    name,
    retentionMs,
    isCached: isCached(options),
    open: (environment) => opened(open(environment)),
  });
}

function windowParts<K, V, S>(
  name: string,
  options: WindowStoreOptions<K, S>,
  format: RowFormat<V>,
  environment: StoreEnvironment,
) {
  const { key, windowSizeMs, retentionMs, storeType = "persistent" } = options;
  const { retainsDuplicates = false, timeOrder } = options;
  const isPersistent = storeType === "persistent";
  const intervalMs = isPersistent ? segmentIntervalMs(retentionMs) : 1;
  const layout = isPersistent && timeOrder !== undefined ? timeFirst : keyFirst;
  return {
    name,
    isPersistent,
    windowSizeMs,
    retainsDuplicates,
    keys: new KeyCodec(key, environment.topic, environment.task, name),
    format,
    rows: windowRows(name, options, layout, environment),
    environment,
    cacheIntervalMs: isCached(options) ? intervalMs : undefined,
    layout,
  };
}

/** Options as far as bytes are concerned. */
type Unserialized<Options> = Omit<Options, "key" | "value">;

/** Rows that are the only ones of their key and start can be cached; duplicates cannot. */
function isCached(options: Unserialized<WindowStoreOptions<never, never>>): boolean {
  const { cache = false, retainsDuplicates = false } = options;
  return cache && !retainsDuplicates && !isIndexed(options);
}

/** Whether rows lie in two orders; a cache could have only one of them. */
function isIndexed(options: Unserialized<WindowStoreOptions<never, never>>): boolean {
  return options.storeType !== "memory" && options.timeOrder === "indexed";
}

function windowRows(
  name: string,
  options: Unserialized<WindowStoreOptions<never, never>>,
  layout: WindowLayout,
  environment: StoreEnvironment,
): WindowRows {
  const { retentionMs, retainsDuplicates = false, storeType } = options;
  const { task } = environment;
  const terms = { retentionMs, retainsDuplicates };
  if (storeType === "memory") return new MemoryWindowRows(task, terms);
  const index = isIndexed(options) ? windowIndex : undefined;
  const segments = segmentsOf(name, options, environment);
  return new SegmentedWindowRows(segments, task, { ...terms, layout, index });
}

function sessionRows(
  name: string,
  options: Unserialized<SessionStoreOptions<never, never>>,
  environment: StoreEnvironment,
): SessionRows {
  const { retentionMs, storeType, isTimeOrdered = false } = options;
  const { task } = environment;
  if (storeType === "memory") return new MemorySessionRows(task, retentionMs);
  const segments = segmentsOf(name, options, environment);
  return new SegmentedSessionRows(segments, task, { retentionMs, isTimeOrdered });
}

function segmentsOf(
  name: string,
  options: Pick<SessionStoreOptions<never, never>, "retentionMs" | "storeType" | "compression">,
  environment: StoreEnvironment,
): Segments {
  const { retentionMs, storeType } = options;
  const state = stateOf(environment, storeType);
  const open = (rows: string) => openRows(state, rows, options);
  return new Segments({
    state,
    name,
    retentionMs,
    intervalMs: segmentIntervalMs(retentionMs),
    open,
  });
}
