import { Client, string } from "millrace/client";
import { Samples } from "../../samples.ts";

const [bootstrapServers = "", topic = "", limitText] = process.argv.slice(2);
const limit = Number(limitText);

const client = new Client({ bootstrapServers });
const admin = client.admin();
const { partitions } = await admin.topics.describe(topic);
const consumer = client.consumer({
  assignment: partitions.map(({ partition }) => ({ topic, partition })),
  autoOffsetReset: "earliest",
  key: string,
  value: string,
});
let records = 0;
let checksum = 0;
const samples = new Samples(100_000);
for await (const batch of consumer) {
  for (const { key, value } of batch) {
    if (key !== null) checksum += key.length;
    if (value !== null) checksum += value.charCodeAt(0) + value.length;
    records += 1;
  }
  samples.at(records);
  if (records >= limit) break;
}
samples.end(records, checksum);
await client.close();
