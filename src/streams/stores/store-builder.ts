import type { Field } from "../../protocol/index.ts";
import type { Headers } from "../message.ts";
import type { TaskContext } from "../node.ts";
import type { StoreEngine, TaskState } from "./engine.ts";
import type { StateStore } from "./state-store.ts";

/** Stands for no timestamp of one's own: the record gets that of the producer's clock. */
export const noTimestamp = -1;

/** Where a store's changes go. */
export interface Changelog {
  /** Appends a change under the time given, or {@link noTimestamp}. Key and value are the changelog's, not the store's; text stands for its UTF-8. */
  log(key: Field, value: Field, timestamp: number, headers: Headers): void;
}

/** What a store is opened with in a task. */
export interface StoreEnvironment {
  readonly task: TaskContext;
  /** Rows by engine: persistent stores use `persistent`, others `memory`. */
  readonly persistent: TaskState;
  readonly memory: TaskState;
  /** Undefined where changes are not logged. */
  readonly changelog: Changelog | undefined;
  /** The topic that serdes are told of: the changelog's name. */
  readonly topic: string;
  /** The cache of the application, or undefined where there is none. */
  readonly cache: CacheBudget | undefined;
}

/**
 * The memory that the caches of an application may take together in this process. A cache that takes too much
 * evicts rows of its own until there is room again, the new one too if need be, as `ThreadCache.maybeEvict` does.
 */
export interface CacheBudget {
  /** Whether more is taken than may be. */
  readonly isExceeded: boolean;
  /** Tells how many bytes were taken or, below zero, given back. */
  take(bytes: number): void;
}

/** A store at work: what its task restores it with, beside what its users see. */
export interface OpenStore<S extends StateStore> {
  readonly store: S;
  /** Takes in a record of the changelog. */
  restore(key: Buffer, value: Buffer | null, timestamp: number, headers: Headers): void;
}

/** How a store is made; immutable. */
export interface StoreBuilder<S extends StateStore = StateStore> {
  readonly name: string;
  readonly kind: StoreKind;
  readonly isLogged: boolean;
  readonly isCached: boolean;
  readonly isPersistent: boolean;
  /** The engine that keeps its rows; undefined for that of the application, or for memory. */
  readonly engine?: StoreEngine | undefined;
  /** Configs for the changelog topic, over those that follow from the kind. */
  readonly changelogConfigs: ReadonlyMap<string, string>;
  /** For windowed and session stores: how long rows are kept. */
  readonly retentionMs: number | undefined;
  /** For versioned stores. */
  readonly historyRetentionMs: number | undefined;
  open(environment: StoreEnvironment): OpenStore<S>;
}

/** Kinds of stores: changelog configs and formats follow from it. */
export type StoreKind =
  | "key-value"
  | "timestamped-key-value"
  | "versioned-key-value"
  | "window"
  | "timestamped-window"
  | "session"
  | "list-value"
  | "suppress-buffer";
