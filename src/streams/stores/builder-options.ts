import { TopologyError } from "../../errors.ts";
import { checkName } from "../name.ts";
import type { Serde } from "../serde.ts";
import { checkFormats } from "../serde-check.ts";
import type { LogsHeaders } from "./codec.ts";
import { type CompressedRowsOptions, compressedRows } from "./compressed-rows.ts";
import type { Rows, StoreEngine, TaskState } from "./engine.ts";
import type { StateStore } from "./state-store.ts";
import type { OpenStore, StoreBuilder, StoreEnvironment, StoreKind } from "./store-builder.ts";

/** Where a store keeps its rows: in the engine of the application, or in memory. */
export type StoreType = "persistent" | "memory";

/** Options of every store. */
export interface StoreOptions<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** "persistent" by default. */
  readonly storeType?: StoreType | undefined;
  /** Keeps the rows of this very store, in place of the application's engine; one name stands for one engine. */
  readonly engine?: StoreEngine | undefined;
  /**
   * Whether changes go to a changelog, from which the store is restored, true by default; or configs for
   * that topic by Kafka's names, such as `{ "cleanup.policy": "compact" }`.
   */
  readonly changelog?: boolean | { readonly [config: string]: string } | undefined;
  /** Whether writes wait in a cache until the commit; false by default, as for Kafka's `Stores`. */
  readonly cache?: boolean | undefined;
  /** Whether records of the changelog bear the headers of the records that they follow from; false by default. */
  readonly logsHeaders?: LogsHeaders | undefined;
  /** Compresses values where they are kept; they are plain in the changelog. */
  readonly compression?: CompressedRowsOptions["compression"] | undefined;
}

/** What a builder of one kind adds to the common options. */
interface Kind<S extends StateStore> {
  readonly kind: StoreKind;
  readonly name: string;
  readonly retentionMs?: number | undefined;
  readonly historyRetentionMs?: number | undefined;
  readonly isCached?: boolean | undefined;
  open(environment: StoreEnvironment): OpenStore<S>;
}

/** A builder from what is common to all and what is special to the kind; checks both. */
export function storeBuilder<S extends StateStore>(
  options: Pick<StoreOptions<never, never>, "storeType" | "engine" | "changelog" | "cache">,
  { name, kind, retentionMs, historyRetentionMs, isCached, open }: Kind<S>,
): StoreBuilder<S> {
  const { storeType = "persistent", engine, changelog = true, cache = false } = options;
  checkName(name, "the store");
  if (engine && storeType === "memory") {
    const message = `the store ${name} has both an engine, ${engine.name}, and "memory" as storeType: leave one of them out`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  return {
    name,
    kind,
    isLogged: changelog !== false,
    isCached: isCached ?? cache,
    isPersistent: engine ? engine.isPersistent : storeType === "persistent",
    engine,
    changelogConfigs: topicConfigs(typeof changelog === "object" ? changelog : {}),
    retentionMs,
    historyRetentionMs,
    open,
  };
}

/** A store that takes in the records of its changelog by itself. */
export interface Restorable extends StateStore, Pick<OpenStore<StateStore>, "restore"> {}

/** Opens a store that restores itself. */
export function opened<S extends Restorable>(store: S): OpenStore<S> {
  return {
    store,
    restore: (key, value, timestamp, headers) => store.restore(key, value, timestamp, headers),
  };
}

/** Configs of a topic as text, by Kafka's names; JavaScript may have given numbers and booleans too. */
export function topicConfigs(configs: {
  readonly [config: string]: string;
}): ReadonlyMap<string, string> {
  return new Map(Object.entries(configs).map(([name, value]) => [name, `${value}`]));
}

/** The state that a store of this type keeps its rows in. */
export function stateOf(
  { persistent, memory }: StoreEnvironment,
  storeType: StoreType = "persistent",
): TaskState {
  return storeType === "persistent" ? persistent : memory;
}

/** Opens a set of rows, compressed if that is asked for. */
export function openRows(
  state: TaskState,
  name: string,
  { compression }: Pick<StoreOptions<never, never>, "compression">,
): Rows {
  const rows = state.rows(name);
  return compression ? compressedRows(rows, { compression }) : rows;
}

/** Throws MISSING_SERDE unless a store has both serdes, which the types ask for and JavaScript does not. */
export function checkSerdes(name: string, options: { key: unknown; value: unknown }): void {
  checkFormats(options, ["serialize", "deserialize"], `the store ${name}`);
}

/** Throws unless a period is a number of milliseconds that is not negative. */
export function checkPeriod(name: string, what: string, milliseconds: number): void {
  if (milliseconds >= 0) return;
  const message = `the store ${name} has ${milliseconds} as ${what}: it must be 0 ms or more`;
  throw new TopologyError("INVALID_TOPOLOGY", message);
}
