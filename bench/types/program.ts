/** What the compiler is given: a program of so many operators, one after the other, and then more of them. */
export function chain(operators: number): string {
  const lines: string[] = [];
  for (let index = 0; index < operators; index += 1) {
    lines.push(`  ${steps[index % steps.length]}`);
  }
  return `${prelude}
export const chained = orders
${lines.join("\n")};
`;
}

/** Ten operators whose result has the types that the first began with, so that they can be repeated. */
const steps: readonly string[] = [
  ".filter((order, user) => order.amount > user.length)",
  ".mapValues((order) => ({ ...order, total: order.amount * order.price }))",
  ".leftJoin(users, (order, user) => ({ ...order, city: user?.city ?? order.item }))",
  ".selectKey((order) => order.city, { key: string })",
  ".repartition({ value: json<Order & { readonly city: string; readonly total: number }>() })",
  ".join(clicks, (order, count) => ({ ...order, amount: count }), { within: 5, left: json() })",
  ".groupByKey()",
  ".reduce((one, other) => (one.amount > other.amount ? one : other))",
  ".toStream()",
  ".flatMapValues((order): Order[] => (order === null ? [] : [order]))",
];

const prelude = `
import { int64, json, StreamsBuilder, string } from "millrace";

interface Order {
  readonly item: string;
  readonly amount: number;
  readonly price: number;
}
interface User {
  readonly name: string;
  readonly city: string;
}

const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string, value: json<Order>() });
const clicks = builder.stream("clicks", { key: string, value: int64 });
const users = builder.table("users", { key: string, value: json<User>() });
`;
