import { int64, json, type KStream, type KTable, string } from "millrace";
import {
  clicks,
  type Order,
  orders,
  places,
  readings,
  regions,
  type User,
  users,
} from "./program.ts";
import type { Same } from "./same.ts";

// Streams with streams.
const both = orders.join(clicks, (order, count, user) => `${user} ${order.item} ${count}`, {
  within: 5,
});
true satisfies Same<typeof both, KStream<string, string>>;
orders.leftJoin(
  clicks,
  (order, count) => {
    true satisfies Same<typeof order, Order>;
    true satisfies Same<typeof count, number | null>;
  },
  { within: 5, left: json<Order>(), right: int64 },
);
orders.outerJoin(
  clicks,
  (order, count) => {
    true satisfies Same<typeof order, Order | null>;
    true satisfies Same<typeof count, number | null>;
  },
  { within: 5 },
);

// Streams with tables.
const enriched = orders.join(users, (order, user) => ({ ...order, city: user.city }));
true satisfies Same<
  typeof enriched,
  KStream<string, { city: string; item: string; amount: number }>
>;
orders.leftJoin(users, (_order, user, key) => {
  true satisfies Same<typeof user, User | null>;
  true satisfies Same<typeof key, string>;
});

// Streams with global tables, by keys of the table's type.
const located = orders.join(regions, (order, region) => [order, region] as const, {
  by: (order) => order.amount,
});
true satisfies Same<typeof located, KStream<string, readonly [Order, string]>>;
orders.leftJoin(regions, (_order, region) => true satisfies Same<typeof region, string | null>, {
  by: (order) => (order.amount > 3 ? order.amount : null),
});

// Tables with tables, by key and by foreign key.
const amounts = orders.groupByKey().aggregate(
  () => 0,
  (sum, order) => sum + order.amount,
  {
    value: int64,
  },
);
const rich = users.join(amounts, (user, sum) => `${user.name} ${sum}`, { value: string });
true satisfies Same<typeof rich, KTable<string, string>>;
users.leftJoin(amounts, (_user, sum) => true satisfies Same<typeof sum, number | null>);
users.outerJoin(amounts, (user) => true satisfies Same<typeof user, User | null>);
const foreign = users.join(places, (user, place) => user.name + place, {
  foreignKey: (user) => user.city.length,
});
true satisfies Same<typeof foreign, KTable<string, string>>;
users.leftJoin(places, (_user, place) => true satisfies Same<typeof place, string | null>, {
  foreignKey: (user, key) => user.city.length + key.length,
});

// @ts-expect-error the other stream has other keys
orders.join(readings, (order, reading) => [order, reading], { within: 5 });
// @ts-expect-error the table has other keys
orders.join(places, (order, place) => [order, place]);
// @ts-expect-error streams are joined within a time
orders.join(clicks, (order, count) => [order, count]);
// @ts-expect-error a global table is joined by a key
orders.join(regions, (order, region) => [order, region]);
orders.join(regions, (order, region) => [order, region], {
  // @ts-expect-error its keys are numbers
  by: (order) => order.item,
});
// @ts-expect-error there may be no user
orders.leftJoin(users, (_order, user) => user.city);
// @ts-expect-error there may be no order
orders.outerJoin(clicks, (order) => order.amount, { within: 5 });
// @ts-expect-error users have no age
orders.join(users, (_order, user) => user.age);
// @ts-expect-error the serde on the right is for other values
orders.join(clicks, (order, count) => [order, count], { within: 5, right: string });
// @ts-expect-error the table has other keys, and no foreign key is given
users.join(places, (user, place) => [user, place]);
users.join(places, (_user, place) => place, {
  // @ts-expect-error the keys of the other table are numbers
  foreignKey: (user) => user.city,
});
// @ts-expect-error what the join gives is a string
users.join(amounts, (user, sum) => `${user.name} ${sum}`, { value: int64 });
// @ts-expect-error tables with other keys have no outer join
users.outerJoin(places, (user, place) => [user, place]);
