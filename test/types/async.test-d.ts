import { type AsyncProcessorSupplier, float64, type KStream, string } from "millrace";
import { type Order, orders, type User } from "./program.ts";
import type { Same } from "./same.ts";

declare function userOf(id: string, signal: AbortSignal): Promise<User>;

const cities = orders.mapValuesAsync(async (order, id, { signal }) => {
  true satisfies Same<typeof order, Order>;
  return (await userOf(id, signal)).city;
});
true satisfies Same<typeof cities, KStream<string, string>>;
// An answer may be there at once.
const amounts = orders.mapValuesAsync((order) => order.amount, { value: float64 });
true satisfies Same<typeof amounts, KStream<string, number>>;
const words = orders.flatMapValuesAsync(async (order) => order.item.split(" "));
true satisfies Same<typeof words, KStream<string, string>>;
const kept = orders.filterAsync(async (order) => order.amount > 3);
true satisfies Same<typeof kept, KStream<string, Order>>;
const supply: AsyncProcessorSupplier<string, Order, User, number, string> = () => ({
  request: (record, { signal }) => userOf(record.key, signal),
  process(_record, user) {
    true satisfies Same<typeof user, User>;
  },
});
const processed = orders.processAsync(supply, { key: float64, value: string });
true satisfies Same<typeof processed, KStream<number, string>>;

// @ts-expect-error the answer says yes or no
orders.filterAsync(async (order) => order.amount);
// @ts-expect-error what is answered is a number
orders.mapValuesAsync(async (order) => order.amount, { value: string });
// @ts-expect-error a number cannot be iterated
orders.flatMapValuesAsync(async (order) => order.amount);
// @ts-expect-error orders have no price
orders.foreachAsync(async (order) => order.price);
// @ts-expect-error the processor takes orders
amounts.processAsync(supply);
