import { Broker } from "millrace/broker";
import { Client, json, string } from "millrace/client";

interface Reading {
  readonly celsius: number;
}

await using broker = await Broker.start({ port: 0 });
console.log(`A broker answers at ${broker.bootstrapServers}; its data is in memory.`);

await using client = new Client({ bootstrapServers: broker.bootstrapServers });
await client.admin().topics.create({ name: "readings", numPartitions: 3 });

const places = ["Oslo", "Lima", "Pune", "Kyiv"];
const count = 10_000;
await using producer = client.producer({ key: string, value: json<Reading>() });
for (let index = 0; index < count; index += 1) {
  const key = places[index % places.length] as string;
  const full = producer.enqueue({ topic: "readings", key, value: { celsius: index % 40 } });
  if (full) await full;
}
await producer.flush();
console.log(`${count} records are in the log of topic "readings", in three partitions.`);

const consumer = client.consumer({
  topics: ["readings"],
  groupId: "round-trip",
  autoOffsetReset: "earliest",
  key: string,
  value: json<Reading>(),
});
const warmest = new Map<string, number>();
let seen = 0;
for await (const batch of consumer) {
  for (const { key, value } of batch) {
    if (key === null || value === null) continue;
    warmest.set(key, Math.max(value.celsius, warmest.get(key) ?? Number.NEGATIVE_INFINITY));
    seen += 1;
  }
  if (seen >= count) break;
}
await consumer.close();
console.log(`${seen} records came back. The warmest reading of each place:`);
console.table(Object.fromEntries(warmest));
if (seen !== count) process.exitCode = 1;
