import { Client, type ConsumerBatch, string } from "millrace/client";
import { Samples } from "../../samples.ts";

const [bootstrapServers = "", topic = "", limitText, variant] = process.argv.slice(2);
const limit = Number(limitText);

let records = 0;
let checksum = 0;
const samples = new Samples(100_000);
const client = new Client({ bootstrapServers });
const { partitions } = await client.admin().topics.describe(topic);
const assignment = partitions.map(({ partition }) => ({ topic, partition }));
const from = { assignment, autoOffsetReset: "earliest" } as const;
if (variant === "slices") await readSlices();
else if (variant?.startsWith("cursor")) await readByCursor(variant === "cursor");
else await readText();
samples.end(records, checksum);
await client.close();

async function readText(): Promise<void> {
  const consumer = client.consumer({ ...from, key: string, value: string });
  for await (const batch of consumer) {
    for (const { key, value } of batch) {
      if (key !== null) checksum += key.length;
      if (value !== null) checksum += value.charCodeAt(0) + value.length;
      records += 1;
    }
    samples.at(records);
    if (records >= limit) break;
  }
}

/** Without deserializers: keys and values are slices of the network's buffers. */
async function readSlices(): Promise<void> {
  const consumer = client.consumer(from);
  for await (const batch of consumer) {
    for (const { key, value } of batch) {
      if (key !== null) checksum += key.length;
      if (value !== null) checksum += (value[0] ?? 0) + value.length;
      records += 1;
    }
    samples.at(records);
    if (records >= limit) break;
  }
}

/** No object for any record; with the network's buffers used again or not. */
async function readByCursor(reuseBuffers: boolean): Promise<void> {
  const consumer = client.consumer({ ...from, reuseBuffers });
  for await (const batch of consumer) {
    readBatch(batch);
    samples.at(records);
    if (records >= limit) break;
  }
}

function readBatch(batch: ConsumerBatch): void {
  const cursor = batch.cursor();
  const { record } = cursor;
  while (cursor.next()) {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = record;
    if (keyStart >= 0) checksum += keyEnd - keyStart;
    if (valueStart >= 0) checksum += (buffer[valueStart] ?? 0) + valueEnd - valueStart;
    records += 1;
  }
}
