import type { TopicPartition } from "../../client/index.ts";
import type { StoreEngine } from "../stores/engine.ts";
import type { StoreEntry } from "../topology-node.ts";
import { TaskStates } from "./task-states.ts";

/** A place in a partition. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** The states of an application's global stores, and how far each partition of their topics has been taken in. */
export class GlobalStates {
  readonly states: TaskStates;
  readonly #stores: readonly StoreEntry[];
  readonly #reached = new Map<string, number>();

  private constructor(stores: readonly StoreEntry[], states: TaskStates) {
    this.#stores = stores;
    this.states = states;
  }

  /** Opens what lies under a directory, and makes what is missing. */
  static async open(
    stores: readonly StoreEntry[],
    directory: string,
    engine: StoreEngine,
  ): Promise<GlobalStates> {
    return new GlobalStates(stores, await TaskStates.open({ stores, directory, engine }));
  }

  /** From where on a partition has to be read, as of the last commit; undefined where a store has nothing of it. */
  offset({ topic, partition }: TopicPartition): number | undefined {
    const own = this.#stores.filter(({ sourceTopic }) => sourceTopic === topic);
    const offsets = own.map(({ builder }) => {
      return this.states.of(builder).offset(nameOf(topic, partition));
    });
    return offsets.includes(undefined) ? undefined : Math.min(...(offsets as number[]));
  }

  /** Whether a store has what belongs to a log that is gone: its offset lies outside of the partition. */
  isStale(starts: readonly PartitionOffset[], ends: readonly PartitionOffset[]): boolean {
    return starts.some((start, index) => {
      const from = this.offset(start);
      return from !== undefined && (from < start.offset || from > (ends[index]?.offset ?? 0));
    });
  }

  /** Notes that everything before an offset has been taken in. */
  reached({ topic, partition }: TopicPartition, offset: number): void {
    this.#reached.set(nameOf(topic, partition), offset);
  }

  /** Makes what was taken in permanent. */
  commit(): void {
    for (const state of this.states.all) state.commit(this.#reached);
  }

  close(): Promise<void> {
    return this.states.close();
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
