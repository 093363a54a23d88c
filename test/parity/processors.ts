import type { Headers, Message } from "../../src/streams/message.ts";
import type {
  FixedKeyProcessorContext,
  FixedKeyProcessorSupplier,
  Processor,
  ProcessorContext,
  ProcessorSupplier,
} from "../../src/streams/processor.ts";
import { string } from "../../src/streams/serdes.ts";
import { timestampedKeyValueStore } from "../../src/streams/stores/key-value-builders.ts";
import type { TimestampedKeyValueStore } from "../../src/streams/stores/state-store.ts";
import type { StoreBuilder } from "../../src/streams/stores/store-builder.ts";
import type { CaseOperator } from "./case.ts";

type Text = string | null;
type Context = Omit<ProcessorContext<Text, Text>, "forward">;
type Rows = TimestampedKeyValueStore<Text, Text>;

/** A store of a processor: key-value, with timestamps. */
export function storeOf({ store = "", kind, cache, log }: CaseOperator): StoreBuilder {
  const storeType = kind === "memory" ? "memory" : "persistent";
  return timestampedKeyValueStore(store, {
    key: string,
    value: string,
    storeType,
    cache,
    changelog: log,
  });
}

/** The processor that a case names. Keys and values are text. */
export function supplierOf(one: CaseOperator): ProcessorSupplier<Text, Text, Text, Text> {
  return () => new Step(one);
}

class Step implements Processor<Text, Text, Text, Text> {
  readonly #one: CaseOperator;
  #context: ProcessorContext<Text, Text> | undefined;

  constructor(one: CaseOperator) {
    this.#one = one;
  }

  init(context: ProcessorContext<Text, Text>): void {
    this.#context = context;
    const [name, interval] = this.#one.fn ?? [];
    if (name !== "byStreamTime" && name !== "byWallClock") return;
    const type = name === "byStreamTime" ? "stream-time" : "wall-clock-time";
    context.schedule(Number(interval), type, (timestamp) => {
      const value = `at ${timestamp}${context.recordMetadata()?.topic ?? ""}`;
      context.forward({ key: "punctuated", value, timestamp, headers: [] });
    });
  }

  process(record: Message<Text, Text>): void {
    const context = this.#context as ProcessorContext<Text, Text>;
    const { key, value, timestamp } = record;
    const [name, first, second] = this.#one.fn ?? [];
    switch (name) {
      case "twice":
        context.forward({ ...record, value: `${value}1` });
        context.forward({ ...record, value: `${value}2`, timestamp: timestamp + 1 });
        return;
      case "rekey":
        context.forward({ ...record, key: value, value: key });
        return;
      case "header": {
        const headers: Headers = [...record.headers, { key: "p", value: Buffer.from(`${value}`) }];
        context.forward({ ...record, headers });
        return;
      }
      case "toChild":
        context.forward(record, `${`${value}`.includes("a") ? first : second}`);
        return;
      default:
        context.forward({ ...record, value: textOf(this.#one, context, record) });
    }
  }
}

/** The same where keys stay as they are. */
export function fixedKeySupplierOf(one: CaseOperator): FixedKeyProcessorSupplier<Text, Text, Text> {
  return () => {
    let context: FixedKeyProcessorContext<Text, Text>;
    return {
      init(given) {
        context = given;
      },
      process(record) {
        const { value, timestamp } = record;
        if (one.fn?.[0] === "twice") {
          context.forward(record.withValue(`${value}1`));
          context.forward(record.withValue(`${value}2`).withTimestamp(timestamp + 1));
        } else {
          context.forward(record.withValue(textOf(one, context, record)));
        }
      },
    };
  };
}

/** Fills a store from a topic, for global and read-only ones. */
export function fillerOf(store: string): ProcessorSupplier<Text, Text> {
  return () => {
    let rows: Rows;
    return {
      init(context) {
        rows = context.store(store);
      },
      process: ({ key, value, timestamp }) =>
        rows.put(key, value === null ? null : { value, timestamp }),
    };
  };
}

/** What the processors that only change values make of one. */
function textOf(
  { fn = ["none"] }: CaseOperator,
  context: Context,
  { key, value, timestamp }: Message<Text, Text>,
): string {
  const [name, store] = fn;
  switch (name) {
    case "remember": {
      const rows = context.store<Rows>(`${store}`);
      const old = rows.get(key);
      rows.put(key, value === null ? null : { value, timestamp });
      return `${old ? `${old.value}@${old.timestamp}` : "null"}>${value}`;
    }
    case "rows": {
      const rows = context.store<Rows>(`${store}`);
      return [...rows.all()].map(([own, row]) => `${own}=${row.value};`).join("");
    }
    case "place": {
      const place = context.recordMetadata();
      return `${value}@${place ? `${place.topic}-${place.partition}/${place.offset}` : "none"}`;
    }
    case "times":
      return `${value}@${context.currentStreamTime()},${context.currentSystemTime()}`;
    case "task":
      return `${value}@${context.taskId},${context.applicationId}`;
    default:
      return `${value}`;
  }
}
