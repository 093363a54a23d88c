import {
  float64,
  int64,
  json,
  type KGroupedStream,
  type KStream,
  type KTable,
  string,
} from "millrace";
import { clicks, type Order, orders, readings } from "./program.ts";
import type { Same } from "./same.ts";

// Keys and values keep their types, or get those of what a callback gives.
const big = orders.filter((order, user) => order.amount > user.length);
true satisfies Same<typeof big, KStream<string, Order>>;
const small = orders.filterNot(({ amount }) => amount > 3);
true satisfies Same<typeof small, KStream<string, Order>>;
const byItem = orders.selectKey((order) => order.item.length, { key: int64 });
true satisfies Same<typeof byItem, KStream<number, Order>>;
const amounts = orders.mapValues((order, user) => order.amount + user.length);
true satisfies Same<typeof amounts, KStream<string, number>>;
const pairs = orders.map((order, user) => [order.amount, { user }]);
true satisfies Same<typeof pairs, KStream<number, { user: string }>>;
const many = orders.flatMap((order) => [[order.amount, order.item]]);
true satisfies Same<typeof many, KStream<number, string>>;
const words = orders.flatMapValues((order) => order.item.split(" "));
true satisfies Same<typeof words, KStream<string, string>>;
const seen = orders.peek((order) => order.amount.toFixed());
true satisfies Same<typeof seen, KStream<string, Order>>;
const both = clicks.merge(amounts);
true satisfies Same<typeof both, KStream<string, number>>;
const spread = orders.repartition({ key: string, value: json<Order>(), numPartitions: 3 });
true satisfies Same<typeof spread, KStream<string, Order>>;
const branches = orders
  .split()
  .branch(({ amount }) => amount > 3)
  .noDefaultBranch();
true satisfies Same<typeof branches, Map<string, KStream<string, Order>>>;
const latest = orders.toTable({ store: "latest" });
true satisfies Same<typeof latest, KTable<string, Order>>;
const grouped = orders.groupByKey();
true satisfies Same<typeof grouped, KGroupedStream<string, Order>>;
const regrouped = orders.groupBy((order) => order.amount, { key: float64 });
true satisfies Same<typeof regrouped, KGroupedStream<number, Order>>;

// What a deleted row leaves behind is no row of a table made of the stream.
const withDeletions = latest.toStream();
true satisfies Same<typeof withDeletions, KStream<string, Order | null>>;
const again = withDeletions.toTable();
true satisfies Same<typeof again, KTable<string, Order>>;

// @ts-expect-error a predicate says yes or no
orders.filter((order) => order.amount);
// @ts-expect-error there is no such field
orders.filter((order) => order.price > 3);
// @ts-expect-error keys are strings
orders.peek((_order, user) => user.toFixed());
// @ts-expect-error the serde of keys is for strings, and they are numbers
orders.selectKey((order) => order.amount, { key: string });
// @ts-expect-error the serde of values is for strings, and they are numbers
orders.mapValues((order) => order.amount, { value: string });
// @ts-expect-error a pair is asked for
orders.map((order) => order.amount);
// @ts-expect-error any number of pairs is asked for, in an iterable
orders.flatMap((order) => [order.amount, order.item]);
// @ts-expect-error a number cannot be iterated
orders.flatMapValues((order) => order.amount);
// @ts-expect-error the other stream has other keys
orders.merge(readings);
// @ts-expect-error the other stream has other values
orders.merge(clicks);
// @ts-expect-error the serde is for other values
orders.repartition({ value: int64 });
// @ts-expect-error the partitioner gets orders
orders.repartition({ partitioner: (_topic: string, _key: string, value: number) => value });
// @ts-expect-error the serde is for other keys
orders.groupByKey({ key: int64 });
// @ts-expect-error keys are numbers here
orders.groupBy((order) => order.amount, { key: string });
// @ts-expect-error the branch gets orders
orders.split().branch((order: number) => order > 3);
// @ts-expect-error the table's values are orders
orders.toTable({ value: int64 });
orders.print({ format: (order, user) => `${user} ${order.item}` });
// @ts-expect-error orders have no price
orders.print({ format: (order) => `${order.price}` });
