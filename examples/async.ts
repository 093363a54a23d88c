/** Asks a service about each record: several calls at a time, those of one key in order, tried again when they fail. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json, KafkaStreams, memoryEngine, StreamsBuilder, string } from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";

interface Visit {
  readonly page: string;
  readonly address: string;
}

/** A service that knows where addresses are, takes its time, and fails now and then. */
let calls = 0;
const service = createServer((request, response) => {
  calls += 1;
  response.statusCode = calls % 5 === 0 ? 503 : 200;
  setTimeout(() => response.end(request.url?.endsWith("7") ? "Peru" : "Norway"), 20);
});
await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
const { port } = service.address() as AddressInfo;

async function countryOf(address: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/${address}`, { signal });
  if (!response.ok) throw new Error(`the service answers ${response.status}`);
  return response.text();
}

const builder = new StreamsBuilder();
builder
  .stream("visits", { key: string, value: json<Visit>() })
  .mapValuesAsync(
    async ({ page, address }, _user, { signal }) => ({
      page,
      country: await countryOf(address, signal),
    }),
    { concurrency: 8, order: "key", timeoutMs: 2_000, retries: 5, retryBackoffMs: 10 },
  )
  .to("located-visits", { value: json() });

await using broker = await Broker.start({ port: 0 });
const { bootstrapServers } = broker;
await using client = new Client({ bootstrapServers });
for (const name of ["visits", "located-visits"]) await client.admin().topics.create({ name });

const count = 100;
await using producer = client.producer({ key: string, value: json<Visit>() });
for (let index = 0; index < count; index += 1) {
  const value = { page: `/${index}`, address: `10.0.0.${index}` };
  await producer.send({ topic: "visits", key: `user ${index % 10}`, value });
}

await using app = new KafkaStreams(builder.build(), {
  applicationId: "async",
  bootstrapServers,
  storeEngine: memoryEngine,
});
await app.start();

await using consumer = client.consumer({
  topics: ["located-visits"],
  groupId: "reader",
  autoOffsetReset: "earliest",
  key: string,
  value: json<{ readonly page: string; readonly country: string }>(),
});
const pages = new Map<string, number>();
const byCountry = new Map<string, number>();
let seen = 0;
for await (const batch of consumer) {
  for (const { key, value } of batch) {
    if (key === null || value === null) continue;
    seen += 1;
    const page = Number(value.page.slice(1));
    // Pages of a user come in their order, although many calls were under way.
    if (page < (pages.get(key) ?? 0)) process.exitCode = 1;
    pages.set(key, page);
    byCountry.set(value.country, (byCountry.get(value.country) ?? 0) + 1);
  }
  if (seen >= count) break;
}
console.table(Object.fromEntries(byCountry));
console.log(`${seen} records, ${calls} calls.`);
service.close();
if (byCountry.get("Peru") !== 10) process.exitCode = 1;
