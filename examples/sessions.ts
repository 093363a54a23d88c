/** Counts the pages of each visit: a visit ends with half an hour without a click. */
import { KafkaStreams, memoryEngine, StreamsBuilder, session, string } from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";

const builder = new StreamsBuilder();
const visits = builder
  .stream("clicks", { key: string, value: string })
  .groupByKey()
  .windowedBy(session({ gap: { minutes: 30 } }))
  .count({ store: "visits" });

await using broker = await Broker.start({ port: 0 });
const { bootstrapServers } = broker;
await using client = new Client({ bootstrapServers });
await client.admin().topics.create({ name: "clicks" });

const minute = 60_000;
const start = Date.now() - 300 * minute;
const clicks: readonly [minutes: number, user: string, page: string][] = [
  [0, "anna", "/"],
  [10, "anna", "/tea"],
  [12, "ben", "/"],
  [65, "anna", "/"],
  [38, "anna", "/cups"], // late: it makes one visit of both
  [200, "ben", "/"],
];
await using producer = client.producer({ key: string, value: string });
for (const [minutes, key, value] of clicks) {
  await producer.send({ topic: "clicks", key, value, timestamp: start + minutes * minute });
}

await using app = new KafkaStreams(builder.build(), {
  applicationId: "sessions",
  bootstrapServers,
  storeEngine: memoryEngine,
  commitIntervalMs: 100,
});
await app.start();
await app.untilRunning();

/** All visits that the application knows of so far. */
function visitsSoFar(): string[] {
  return ["anna", "ben"].flatMap((user) =>
    [...app.store(visits).fetch(user)].map(([{ window }, pages]) => {
      const minutes = (window.end - window.start) / minute;
      return `${user}: ${pages} pages in ${minutes} minutes`;
    }),
  );
}

const expected = [
  "anna: 4 pages in 65 minutes",
  "ben: 1 pages in 0 minutes",
  "ben: 1 pages in 0 minutes",
];
const patience = AbortSignal.timeout(30_000);
while (visitsSoFar().join() !== expected.join() && !patience.aborted) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
console.log(visitsSoFar().join("\n"));
if (patience.aborted) process.exitCode = 1;
