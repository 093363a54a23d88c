import type { Change, Message } from "../src/streams/message.ts";
import type { Operator } from "../src/streams/node.ts";
import type { DroppedRecord } from "../src/streams/runtime/task.ts";
import { string } from "../src/streams/serdes.ts";
import type { Windowed } from "../src/streams/stores/state-store.ts";
import type { StoreBuilder } from "../src/streams/stores/store-builder.ts";
import {
  TopologyTestDriver,
  type TopologyTestDriverOptions,
} from "../src/streams/testing/topology-test-driver.ts";
import { TopologyBuilder } from "../src/streams/topology-builder.ts";

/** One operator with a store in a task: text goes in, and the changes that come out are seen as lines. */
export class OperatorScene<K, A> implements Disposable {
  readonly driver: TopologyTestDriver;
  readonly dropped: DroppedRecord[] = [];
  readonly messages: Message<K, Change<A>>[] = [];

  constructor(
    open: Operator<string, string, K, Change<A>>,
    store: StoreBuilder,
    options: TopologyTestDriverOptions = {},
  ) {
    const builder = new TopologyBuilder();
    builder.addSource({ name: "in", topics: ["in"], key: string, value: string });
    builder.addProcessor("operator", open, ["in"]);
    builder.addStore(store, "operator");
    const see = () => ({
      process: (message: Message<K, Change<A>>) => void this.messages.push(message),
    });
    builder.addProcessor("seen", see, ["operator"]);
    const onDropped = (record: DroppedRecord) => void this.dropped.push(record);
    this.driver = new TopologyTestDriver({ builder }, { onDropped, ...options });
  }

  /** Puts records in, as `key=value@timestamp`; without `key=` the key is null, without a value that. */
  pipe(...records: readonly string[]): this {
    for (const record of records) {
      const [, key, value, timestamp] = /^(?:(.*?)=)?(.*)@(\d+)$/.exec(record) ?? [];
      const bytes = (text: string | undefined) => (text ? Buffer.from(text) : null);
      const headers = [{ key: "h", value: Buffer.from(record) }];
      const raw = { topic: "in", key: bytes(key), value: bytes(value), headers };
      this.driver.pipeRaw({ ...raw, timestamp: Number(timestamp) });
    }
    return this;
  }

  /** What came out since the last time: `key: new (old) @timestamp`, the old value where there is one. */
  take(): string[] {
    return this.messages.splice(0).map(({ key, value, timestamp }) => {
      const old = value.oldValue === null ? "" : ` (${value.oldValue})`;
      return `${shown(key)}: ${value.newValue}${old} @${timestamp}`;
    });
  }

  [Symbol.dispose](): void {
    this.driver.close();
  }
}

/** A key, with its window as `key[start,end]` if it has one. */
function shown(key: unknown): string {
  if (typeof key !== "object" || key === null) return `${key}`;
  const { key: inner, window } = key as Windowed<unknown>;
  return `${inner}[${window.start},${window.end}]`;
}
