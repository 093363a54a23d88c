import type { Windowed } from "../stores/state-store.ts";
import { KTable } from "./ktable.ts";

/**
 * A table with a row for each key and time window. Its store is a window store; tables derived from it
 * are plain ones, whose stores have windowed keys.
 */
export class TimeWindowedKTable<K, V> extends KTable<Windowed<K>, V> {
  /** What kind of windows the keys have: what tells the type of the store. */
  readonly windows = "time";
}

/**
 * A table with a row for each key and session. Its store is a session store; tables derived from it are
 * plain ones, whose stores have windowed keys.
 */
export class SessionWindowedKTable<K, V> extends KTable<Windowed<K>, V> {
  /** What kind of windows the keys have: what tells the type of the store. */
  readonly windows = "session";
}
