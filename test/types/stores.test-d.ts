import {
  type FixedKeyProcessorSupplier,
  int64,
  KafkaStreams,
  type KeyValueStore,
  type KTable,
  keyValueStore,
  type ProcessorSupplier,
  type ReadOnlyKeyValueStore,
  type ReadOnlySessionStore,
  type ReadOnlyStore,
  type ReadOnlyVersionedKeyValueStore,
  type ReadOnlyWindowStore,
  type SessionStore,
  type StateStore,
  type StoreOf,
  session,
  sessionStore,
  string,
  type TimestampedKeyValueStore,
  type TimestampedWindowStore,
  tumbling,
  type ValueAndTimestamp,
  type VersionedKeyValueStore,
  versionedKeyValueStore,
  type Windowed,
} from "millrace";
import { TopologyTestDriver } from "millrace/testing";
import { builder, type Order, orders, places, regions, type User, users } from "./program.ts";
import type { Same } from "./same.ts";

const sales = orders
  .groupByKey()
  .windowedBy(tumbling({ size: 5 }))
  .count({ store: "sales" });
const visits = orders
  .groupByKey()
  .windowedBy(session({ gap: 5 }))
  .count({ store: "visits" });
const visited = visits.filter((count) => count > 3, { store: "visited" });
const counters = keyValueStore("counters", { key: string, value: int64 });
const topology = builder.build().withStores({ sales, users, regions, counters });
const driver = new TopologyTestDriver(topology);

// By its table or its builder, a store has the type that follows from them.
const saleRows = driver.store(sales);
true satisfies Same<typeof saleRows, TimestampedWindowStore<string, number>>;
const visitRows = driver.store(visits, 0);
true satisfies Same<typeof visitRows, SessionStore<string, number>>;
const userRows = driver.store(users);
true satisfies Same<typeof userRows, TimestampedKeyValueStore<string, User>>;
const regionRows = driver.store(regions);
true satisfies Same<typeof regionRows, TimestampedKeyValueStore<number, string>>;
const counterRows = driver.store(counters);
true satisfies Same<typeof counterRows, KeyValueStore<string, number>>;

// A table of windowed keys may have any of three stores.
const visitedRows = driver.store(visited);
type AnyOfThree =
  | TimestampedKeyValueStore<Windowed<string>, number>
  | TimestampedWindowStore<string, number>
  | SessionStore<string, number>;
true satisfies Same<typeof visitedRows, AnyOfThree>;
sales satisfies KTable<Windowed<string>, number>;

// By its name, what the topology was told.
const byName = driver.store("sales");
true satisfies Same<typeof byName, TimestampedWindowStore<string, number>>;
const row = driver.store("users").get("u1");
true satisfies Same<typeof row, ValueAndTimestamp<User> | null>;
const untold = new TopologyTestDriver(builder.build());
const said = untold.store<KeyValueStore<string, number>>("counters");
true satisfies Same<typeof said, KeyValueStore<string, number> | undefined>;
const anything = untold.store("counters");
true satisfies Same<typeof anything, StateStore | undefined>;

// What an application gives out can only be read.
type ViewOf<Handle> = ReadOnlyStore<StoreOf<Handle>>;
true satisfies Same<ViewOf<typeof sales>, ReadOnlyWindowStore<string, ValueAndTimestamp<number>>>;
true satisfies Same<ViewOf<typeof visits>, ReadOnlySessionStore<string, number>>;
true satisfies Same<ViewOf<typeof users>, ReadOnlyKeyValueStore<string, ValueAndTimestamp<User>>>;
true satisfies Same<ViewOf<typeof counters>, ReadOnlyKeyValueStore<string, number>>;
true satisfies Same<
  ReadOnlyStore<VersionedKeyValueStore<string, User>>,
  ReadOnlyVersionedKeyValueStore<string, User>
>;

const app = new KafkaStreams(topology, { applicationId: "a", bootstrapServers: "localhost:9092" });
const view = app.store(sales);
true satisfies Same<typeof view, ReadOnlyWindowStore<string, ValueAndTimestamp<number>>>;
const viewByName = app.store("users");
true satisfies Same<typeof viewByName, ReadOnlyKeyValueStore<string, ValueAndTimestamp<User>>>;
const plainApp = new KafkaStreams(builder.build(), { applicationId: "a", bootstrapServers: "b:1" });
const history = plainApp.store<VersionedKeyValueStore<string, User>>("users");
true satisfies Same<typeof history, ReadOnlyVersionedKeyValueStore<string, User>>;
// @ts-expect-error an application's stores are only read from outside
app.store(counters).put("a", 3);
// @ts-expect-error the topology was told of no such store
app.store("usres");

// Within a processor, by its builder.
const counting: ProcessorSupplier<string, Order, string, number> = () => {
  let store: KeyValueStore<string, number>;
  return {
    init(context) {
      store = context.store(counters);
      // @ts-expect-error the store counts
      store.put("a", "b");
    },
    process({ key }) {
      store.put(key, (store.get(key) ?? 0) + 1);
    },
  };
};
orders.process(counting, { stores: [counters] });
const keeping: FixedKeyProcessorSupplier<string, Order, number> = () => ({
  init(context) {
    const store = context.store(counters);
    true satisfies Same<typeof store, KeyValueStore<string, number>>;
  },
  process() {},
});
orders.processValues(keeping, { stores: [counters] });

// @ts-expect-error the topology was told of no such store
driver.store("sale");
// @ts-expect-error counts are numbers
driver.store("counters").put("a", "b");
// @ts-expect-error rows of windows are found by key and start
driver.store(sales).get("a");
// @ts-expect-error keys are strings
driver.store(users).get(3);
// @ts-expect-error a store is told by its table or builder
builder.build().withStores({ sales: "sales" });
// @ts-expect-error nothing is known of the store's rows
untold.store("counters")?.get("a");
// @ts-expect-error a stream has no store
driver.store(orders);
driver.store(places);
// @ts-expect-error the builder's values are numbers
keyValueStore<string, string>("counters", { key: string, value: int64 });
sessionStore("s", { key: string, value: int64, retentionMs: 5 }).open satisfies unknown;
versionedKeyValueStore("v", { key: string, value: int64, historyRetentionMs: 5 }) satisfies unknown;
