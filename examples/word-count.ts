/** Counts words, and asks the application for a count while it runs. */
import { int64, KafkaStreams, memoryEngine, StreamsBuilder, string } from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";

const lines = [
  "all streams lead to kafka",
  "hello kafka streams",
  "join kafka summit",
  "all tables are streams and all streams are tables",
];
const expected = { all: 3, streams: 4, kafka: 3 };

const builder = new StreamsBuilder();
const counts = builder
  .stream("lines", { key: string, value: string })
  .flatMapValues((line) => line.split(" "))
  .groupBy((word) => word, { key: string, value: string })
  .count({ store: "counts" });
counts.toStream().to("word-counts", { value: int64 });
console.log(builder.build().describe());

await using broker = await Broker.start({ port: 0 });
const { bootstrapServers } = broker;
await using client = new Client({ bootstrapServers });
for (const name of ["lines", "word-counts"]) {
  await client.admin().topics.create({ name, numPartitions: 2 });
}

await using app = new KafkaStreams(builder.build(), {
  applicationId: "word-count",
  bootstrapServers,
  storeEngine: memoryEngine,
  commitIntervalMs: 100,
});
await app.start();

await using producer = client.producer({ key: string, value: string });
for (const [index, value] of lines.entries()) {
  await producer.send({ topic: "lines", key: `line ${index}`, value });
}

await using consumer = client.consumer({
  topics: ["word-counts"],
  groupId: "reader",
  autoOffsetReset: "earliest",
  key: string,
  value: int64,
});
const seen = new Map<string | null, number | null>();
const isThrough = () => Object.entries(expected).every(([word, count]) => seen.get(word) === count);
for await (const batch of consumer) {
  for (const { key, value } of batch) seen.set(key, value);
  if (isThrough()) break;
}
console.table(Object.fromEntries(seen));
console.log(`The store has "streams" ${app.store(counts).get("streams")?.value} times.`);
