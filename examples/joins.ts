/** Orders are joined with the table of their customers, and each order's currency with a global table of rates. */
import { float64, json, KafkaStreams, memoryEngine, StreamsBuilder, string } from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";

interface Order {
  readonly price: number;
  readonly currency: string;
}
interface Customer {
  readonly name: string;
  readonly country: string;
}

const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string, value: json<Order>() });
const customers = builder.table("customers", { key: string, value: json<Customer>() });
const rates = builder.globalTable("rates", { key: string, value: float64 });
orders
  .join(customers, (order, { name, country }) => ({ ...order, name, country }))
  .join(rates, ({ price, name, country }, rate) => ({ name, country, euros: price * rate }), {
    by: ({ currency }) => currency,
  })
  .to("orders-in-euros", { value: json() });

await using broker = await Broker.start({ port: 0 });
const { bootstrapServers } = broker;
await using client = new Client({ bootstrapServers });
for (const name of ["orders", "customers", "rates", "orders-in-euros"]) {
  await client.admin().topics.create({ name, numPartitions: 3 });
}

// Tables first: a record is joined with the row that is there when it comes.
await using producer = client.producer({ key: string });
const send = (topic: string, key: string, value: object, timestamp: number) =>
  producer.send({ topic, key, value: Buffer.from(JSON.stringify(value)), timestamp });
const now = Date.now();
await send("customers", "c1", { name: "Ada", country: "GB" } satisfies Customer, now);
await send("customers", "c2", { name: "Blaise", country: "FR" } satisfies Customer, now);
for (const [currency, rate] of [["GBP", 1.2] as const, ["EUR", 1] as const]) {
  const value = Buffer.from(float64.serialize(rate) as Uint8Array);
  await producer.send({ topic: "rates", key: currency, value });
}
await send("orders", "c1", { price: 10, currency: "GBP" } satisfies Order, now + 1);
await send("orders", "c3", { price: 99, currency: "EUR" } satisfies Order, now + 2); // nobody's
await send("orders", "c2", { price: 20, currency: "EUR" } satisfies Order, now + 3);

await using app = new KafkaStreams(builder.build(), {
  applicationId: "joins",
  bootstrapServers,
  storeEngine: memoryEngine,
});
await app.start();

await using consumer = client.consumer({
  topics: ["orders-in-euros"],
  groupId: "reader",
  autoOffsetReset: "earliest",
  key: string,
  value: json<{ readonly name: string; readonly country: string; readonly euros: number }>(),
});
const joined = new Map<string | null, number | undefined>();
for await (const batch of consumer) {
  for (const { key, value } of batch) {
    console.log(key, value);
    joined.set(key, value?.euros);
  }
  if (joined.size === 2) break;
}
if (joined.get("c1") !== 12 || joined.get("c2") !== 20) process.exitCode = 1;
