import type { Headers, RecordMetadata } from "../src/streams/message.ts";
import type { DropReason, TaskContext } from "../src/streams/node.ts";
import type { TaskState } from "../src/streams/stores/engine.ts";
import { memoryEngine } from "../src/streams/stores/memory.ts";
import type { StateStore } from "../src/streams/stores/state-store.ts";
import type { CacheBudget, OpenStore, StoreBuilder } from "../src/streams/stores/store-builder.ts";

/** A record of a changelog as a scene keeps it. */
export interface Logged {
  readonly key: Buffer;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers: Headers;
}

/** A task for one store: its time is set by hand, its changelog is a list. */
export class StoreScene<S extends StateStore> {
  readonly store: S;
  readonly log: Logged[] = [];
  readonly dropped: DropReason[] = [];
  now = 0;
  streamTime = -1;
  headers: Headers = [];
  metadata: RecordMetadata | undefined;
  readonly #open: OpenStore<S>;

  constructor(
    builder: StoreBuilder<S>,
    {
      persistent = memoryEngine.open(),
      memory = memoryEngine.open(),
      cache,
    }: {
      readonly persistent?: TaskState;
      readonly memory?: TaskState;
      readonly cache?: CacheBudget;
    } = {},
  ) {
    this.#open = builder.open({
      task: this.#task(),
      persistent,
      memory,
      cache,
      topic: `app-${builder.name}-changelog`,
      changelog: builder.isLogged
        ? {
            log: (key, value, timestamp, headers) =>
              void this.log.push({
                key: Buffer.from(key as string),
                value: value === null ? null : Buffer.from(value as string),
                timestamp,
                headers,
              }),
          }
        : undefined,
    });
    this.store = this.#open.store;
  }

  /** Restores the store from a changelog. */
  restore(log: readonly Logged[]): this {
    for (const { key, value, timestamp, headers } of log) {
      this.#open.restore(key, value, timestamp, headers);
    }
    return this;
  }

  #task(): TaskContext {
    return {
      applicationId: "app",
      taskId: "0_0",
      partition: 0,
      configs: new Map(),
      processorMetadata: new Map(),
      streamTime: () => this.streamTime,
      wallClockTime: () => this.now,
      recordMetadata: () => this.metadata,
      currentTimestamp: () => this.now,
      currentHeaders: () => this.headers,
      schedule: () => ({ cancel: () => {} }),
      requestCommit: () => {},
      dropped: (reason) => void this.dropped.push(reason),
    };
  }
}
