/** Sums sales by item and minute, and hands each sum on once, when its minute and its grace are over. */
import {
  float64,
  json,
  KafkaStreams,
  memoryEngine,
  StreamsBuilder,
  string,
  tumbling,
  windowed,
} from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";

interface Sale {
  readonly item: string;
  readonly amount: number;
}

const minute = 60_000;
const builder = new StreamsBuilder();
builder
  .stream("sales", { key: string, value: json<Sale>() })
  .groupBy((sale) => sale.item, { key: string })
  .windowedBy(tumbling({ size: { minutes: 1 }, grace: { seconds: 10 } }))
  .emitStrategy("on-window-close")
  .aggregate(
    () => 0,
    (sum, sale) => sum + sale.amount,
    { store: "sums", value: float64 },
  )
  .toStream()
  .to("sums-per-minute");

await using broker = await Broker.start({ port: 0 });
const { bootstrapServers } = broker;
await using client = new Client({ bootstrapServers });
for (const name of ["sales", "sums-per-minute"]) await client.admin().topics.create({ name });

await using app = new KafkaStreams(builder.build(), {
  applicationId: "windowed-sum",
  bootstrapServers,
  storeEngine: memoryEngine,
  commitIntervalMs: 100,
  onDropped: ({ reason }) => console.log("dropped:", reason),
});
await app.start();

const start = Math.floor(Date.now() / minute) * minute - 10 * minute;
const sales: readonly [seconds: number, item: string, amount: number][] = [
  [5, "tea", 2.5],
  [50, "tea", 2.5],
  [62, "cup", 8],
  [58, "tea", 3], // within the grace
  [75, "cup", 8], // ends the first minute
  [40, "tea", 9], // too late
  [140, "tea", 2.5], // ends the second
];
await using producer = client.producer({ key: string, value: json<Sale>() });
for (const [seconds, item, amount] of sales) {
  const timestamp = start + seconds * 1000;
  await producer.send({ topic: "sales", key: "shop", value: { item, amount }, timestamp });
}

await using consumer = client.consumer({
  topics: ["sums-per-minute"],
  groupId: "reader",
  autoOffsetReset: "earliest",
  key: windowed(string, { size: { minutes: 1 } }),
  value: float64,
});
const sums: string[] = [];
for await (const batch of consumer) {
  for (const { key, value } of batch) {
    if (key === null) continue;
    sums.push(`${key.key} in minute ${(key.window.start - start) / minute}: ${value}`);
  }
  if (sums.length === 2) break;
}
console.log(sums.join("\n"));
if (sums.join() !== "tea in minute 0: 8,cup in minute 1: 16") process.exitCode = 1;
