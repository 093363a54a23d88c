import {
  type CogroupedKStream,
  float64,
  hopping,
  int64,
  json,
  type KTable,
  type SessionWindowedKTable,
  session,
  sliding,
  string,
  type TimeWindowedKTable,
  tumbling,
  unlimited,
  type Windowed,
} from "millrace";
import { clicks, type Order, orders, users } from "./program.ts";
import type { Same } from "./same.ts";

const zero = () => 0;
const twoNumbers = json<{ sum: number; count: number }>();
const byUser = orders.groupByKey();
const hourly = byUser.windowedBy(tumbling({ size: { hours: 1 } }));
const visits = byUser.windowedBy(session({ gap: { minutes: 5 } }));

// Without windows.
const counts = byUser.count({ store: "counts" });
true satisfies Same<typeof counts, KTable<string, number>>;
const largest = byUser.reduce((one, other) => (one.amount > other.amount ? one : other));
true satisfies Same<typeof largest, KTable<string, Order>>;
// The serde says of which type the aggregate is.
const items = byUser.aggregate(
  () => ({}),
  (all, order) => ({ ...all, [order.item]: order.amount }),
  { value: json<{ readonly [item: string]: number }>() },
);
true satisfies Same<typeof items, KTable<string, { readonly [item: string]: number }>>;

// By key and window.
const hourlyCounts = hourly.count();
true satisfies Same<typeof hourlyCounts, TimeWindowedKTable<string, number>>;
hourlyCounts satisfies KTable<Windowed<string>, number>;
const sales = hourly.aggregate(
  () => 0,
  (sum, order) => sum + order.amount,
  { value: float64 },
);
true satisfies Same<typeof sales, TimeWindowedKTable<string, number>>;
const hourlyLargest = hourly.emitStrategy("on-window-close").reduce((one) => one);
true satisfies Same<typeof hourlyLargest, TimeWindowedKTable<string, Order>>;
const inAll = byUser.windowedBy(unlimited()).count();
true satisfies Same<typeof inAll, TimeWindowedKTable<string, number>>;
const often = byUser.windowedBy(hopping({ size: 10, advance: 5 })).count();
true satisfies Same<typeof often, TimeWindowedKTable<string, number>>;
const near = byUser.windowedBy(sliding({ difference: 5 })).count();
true satisfies Same<typeof near, TimeWindowedKTable<string, number>>;
const visitCounts = visits.count();
true satisfies Same<typeof visitCounts, SessionWindowedKTable<string, number>>;
const visitItems = visits.aggregate(
  () => [],
  (all, order) => [...all, order.item],
  (left, right) => [...left, ...right],
  { value: json<readonly string[]>() },
);
true satisfies Same<typeof visitItems, SessionWindowedKTable<string, readonly string[]>>;
const closed = sales.suppress({ until: "window-close" });
true satisfies Same<typeof closed, KTable<Windowed<string>, number>>;

// Several streams into one table.
const cogrouped = byUser
  .cogroup<number>((sum, order) => sum + order.amount)
  .cogroup(clicks.groupByKey(), (sum, count) => sum + count);
true satisfies Same<typeof cogrouped, CogroupedKStream<string, number>>;
const together = cogrouped.aggregate(() => 0, { value: float64 });
true satisfies Same<typeof together, KTable<string, number>>;
const inWindows = cogrouped.windowedBy(tumbling({ size: 5 })).aggregate(() => 0, { value: int64 });
true satisfies Same<typeof inWindows, TimeWindowedKTable<string, number>>;
const inSessions = cogrouped.windowedBy(session({ gap: 5 })).aggregate(
  () => 0,
  (left, right) => left + right,
  { value: int64 },
);
true satisfies Same<typeof inSessions, SessionWindowedKTable<string, number>>;

// Rows of a table, by group.
const byCity = users.groupBy((user, key) => [user.city, key.length], { key: string, value: int64 });
const perCity = byCity.aggregate(
  () => 0,
  (sum, one) => sum + one,
  (sum, one) => sum - one,
  {
    value: int64,
  },
);
true satisfies Same<typeof perCity, KTable<string, number>>;
const summed = byCity.reduce(
  (sum, one) => sum + one,
  (sum, one) => sum - one,
);
true satisfies Same<typeof summed, KTable<string, number>>;
const cities = byCity.count();
true satisfies Same<typeof cities, KTable<string, number>>;

// @ts-expect-error counts are numbers
byUser.count({ value: string });
// @ts-expect-error a reducer gives what it gets
byUser.reduce((one, other) => one.amount + other.amount);
// @ts-expect-error an aggregate needs a serde of its own
byUser.aggregate(zero, (sum: number, order) => sum + order.amount);
// @ts-expect-error the initial aggregate is no string
byUser.aggregate(zero, (all, order) => all + order.item, { value: string });
// @ts-expect-error the aggregator gives no number
byUser.aggregate(zero, (sum, order) => `${sum}${order.amount}`, { value: float64 });
byUser.aggregate(
  // @ts-expect-error the aggregate lacks what the serde writes
  () => ({ sum: 0 }),
  (all) => all,
  { value: twoNumbers },
);
// @ts-expect-error orders have no price
hourly.aggregate(zero, (sum, order) => sum + order.price, { value: float64 });
// @ts-expect-error sessions need a merger
visits.aggregate(zero, (sum: number, order) => sum + order.amount, { value: float64 });
visits.aggregate(
  zero,
  (sum) => sum,
  // @ts-expect-error the merger gives no number
  () => "both",
  { value: float64 },
);
// @ts-expect-error there is no such strategy
hourly.emitStrategy("on-close");
// @ts-expect-error this table has no windows that could close
counts.suppress({ until: "window-close" });
// @ts-expect-error windows are made by tumbling, hopping, sliding, session or unlimited
byUser.windowedBy({ size: 5 });
// @ts-expect-error the other stream has other values
cogrouped.cogroup(clicks.groupByKey(), (sum, order: Order) => sum + order.amount);
// @ts-expect-error the aggregate is a number
cogrouped.aggregate(() => "", { value: string });
// @ts-expect-error a grouped table takes values out as well
byCity.aggregate(zero, (sum: number, one) => sum + one, { value: int64 });
// @ts-expect-error a group is a key and a value
users.groupBy((user) => user.city);
