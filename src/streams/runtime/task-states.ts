import type { StoreEngine, TaskState } from "../stores/engine.ts";
import { memoryEngine } from "../stores/memory.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import type { StoreEntry } from "../topology-node.ts";

/** What {@link TaskStates.open} needs to know. */
export interface TaskStatesOptions {
  /** The stores of the task's sub-topology. */
  readonly stores: readonly Pick<StoreEntry, "builder">[];
  /** Where persistent engines keep the task's state, each in a directory below. */
  readonly directory: string;
  /** The engine of stores that name none. */
  readonly engine: StoreEngine;
}

/**
 * All state of one task: one {@link TaskState} for each engine that its stores use, and one in memory. Only
 * what some store needs is opened, so that a task without persistent stores leaves nothing on disk.
 */
export class TaskStates {
  /** The state of stores in memory. */
  readonly memory: TaskState;
  /** The state of persistent stores that name no engine of their own. */
  readonly persistent: TaskState;
  /** The states of stores that name an engine, by the engine's name. */
  readonly engines: ReadonlyMap<string, TaskState>;
  /** All of these, each once. */
  readonly all: ReadonlySet<TaskState>;
  readonly #stores: readonly StoreBuilder[];

  private constructor(
    stores: readonly StoreBuilder[],
    memory: TaskState,
    persistent: TaskState,
    engines: ReadonlyMap<string, TaskState>,
  ) {
    this.#stores = stores;
    this.memory = memory;
    this.persistent = persistent;
    this.engines = engines;
    this.all = new Set([memory, persistent, ...engines.values()]);
  }

  /** Opens what is there, and makes what is missing; rejects with the engine's error. */
  static async open({ stores, directory, engine }: TaskStatesOptions): Promise<TaskStates> {
    const builders = stores.map(({ builder }) => builder);
    const memory = memoryEngine.open();
    const engines = new Map<string, TaskState>();
    try {
      for (const { isPersistent, engine: own } of builders) {
        const needed = own ?? (isPersistent ? engine : undefined);
        if (!needed || engines.has(needed.name)) continue;
        engines.set(needed.name, await needed.open(`${directory}/${needed.name}`));
      }
    } catch (error) {
      await closeAll(engines.values());
      throw error;
    }
    return new TaskStates(builders, memory, engines.get(engine.name) ?? memory, engines);
  }

  /** The state that a store keeps its rows in. */
  of({ engine, isPersistent }: StoreBuilder): TaskState {
    if (engine) return this.engines.get(engine.name) ?? this.memory;
    return isPersistent ? this.persistent : this.memory;
  }

  /** The offset of the next record of its changelog that a store has not got, as of the last commit. */
  offsets(): Map<string, number> {
    const known = this.#stores.flatMap((builder) => {
      const offset = this.of(builder).offset(builder.name);
      return offset === undefined ? [] : [[builder.name, offset] as const];
    });
    return new Map(known);
  }

  /**
   * Writes at most so many rows to disk ahead of a commit, so that the commit does not hold the event loop; gives
   * whether none is left. To be called once what was logged is acknowledged, and nothing is processed until
   * the commit.
   */
  write(maxRows: number): boolean {
    for (const state of this.all) {
      if (state.write && !state.write(maxRows)) return false;
    }
    return true;
  }

  /**
   * Makes all rows permanent, with the offset of the next changelog record of each store that is given by its
   * name: one behind the last record that was acknowledged. For a store whose changelog is a source topic that
   * is the position that was committed for the topic. The states of several engines are committed in turn: a
   * crash between them leaves some behind, and those go on from where they were.
   */
  commit(offsets: ReadonlyMap<string, number>): void {
    const byState = new Map<TaskState, Map<string, number>>();
    for (const state of this.all) byState.set(state, new Map());
    for (const builder of this.#stores) {
      const offset = offsets.get(builder.name);
      if (offset !== undefined) byState.get(this.of(builder))?.set(builder.name, offset);
    }
    for (const [state, own] of byState) state.commit(own);
  }

  /** How much was written since the last commit and takes memory until the next, in bytes. */
  pendingBytes(): number {
    let bytes = 0;
    for (const state of this.all) bytes += state.pendingBytes();
    return bytes;
  }

  /** Closes all, as they were committed last; to be awaited before their directory is removed or opened again. */
  close(): Promise<void> {
    return closeAll(this.all);
  }
}

async function closeAll(states: Iterable<TaskState>): Promise<void> {
  const closing = [...states].map((state) => Promise.try(() => state.close()));
  const failed = (await Promise.allSettled(closing)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
