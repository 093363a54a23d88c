import {
  type FixedKeyProcessorSupplier,
  float64,
  int64,
  type KStream,
  keyValueStore,
  type Message,
  type ProcessorSupplier,
  string,
  Topology,
} from "millrace";
import { builder, type Order, orders } from "./program.ts";
import type { Same } from "./same.ts";

const split: ProcessorSupplier<string, Order, number, string> = () => {
  let send: (record: Message<number, string>) => void;
  return {
    init(context) {
      send = (record) => context.forward(record);
      // @ts-expect-error values that are handed on are strings
      context.forward({ key: 3, value: 3, timestamp: 0, headers: [] });
    },
    process({ value, timestamp, headers }) {
      true satisfies Same<typeof value, Order>;
      send({ key: value.amount, value: value.item, timestamp, headers });
    },
  };
};
const amounts: FixedKeyProcessorSupplier<string, Order, number> = () => {
  return {
    init(context) {
      // @ts-expect-error only a record that came in can be handed on, with another value
      context.forward({ key: "a", value: 3, timestamp: 0, headers: [] });
    },
    process(record) {
      true satisfies Same<typeof record.key, string>;
      record.withValue(record.value.amount);
    },
  };
};

// What comes out has the types that the processor hands on.
const items = orders.process(split, { key: float64, value: string });
true satisfies Same<typeof items, KStream<number, string>>;
const kept = orders.processValues(amounts, { value: float64 });
true satisfies Same<typeof kept, KStream<string, number>>;

// @ts-expect-error the processor takes orders
orders.mapValues((order) => order.amount).process(split);
// @ts-expect-error keys that are handed on are numbers
orders.process(split, { key: string });
// @ts-expect-error values that are handed on are numbers
orders.processValues(amounts, { value: string });

new Topology()
  .addSource("source", "orders", { key: string, value: int64 })
  .addProcessor("split", split, { parents: ["source"] })
  .addFixedKeyProcessor("amounts", amounts, { parents: ["source"] })
  .addSink("sink", "out", { key: float64, value: string, parents: ["split"] });
new Topology().addSink("sink", "out", {
  key: string,
  // @ts-expect-error the partitioner gets other values than the serializer
  value: int64,
  parents: [],
  partitioner: (_topic: string, _key: string, value: string) => value.length,
});

const rates = keyValueStore("rates", { key: string, value: float64 });
builder.addStateStore(rates).addGlobalStore(
  keyValueStore("all-rates", { key: string, value: float64 }),
  "rates",
  () => ({
    process({ key, value }) {
      true satisfies Same<typeof key, string>;
      true satisfies Same<typeof value, number>;
    },
  }),
  { key: string, value: float64 },
);
// @ts-expect-error a store is given by its builder
builder.addStateStore("rates");
