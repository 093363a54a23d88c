import { Client, string } from "millrace/client";
import { Samples } from "../../samples.ts";
import { jobNamed } from "../job.ts";

// The limit: what is fetched is decoded, worked on and produced, and nothing else is done.
const [bootstrapServers = "", name = "", input = "", output = "", , limitText] =
  process.argv.slice(2);
const limit = Number(limitText);
const { byHand } = await jobNamed(name);
if (!byHand) throw new Error(`${name} is not a job for a loop`);

const client = new Client({ bootstrapServers });
const { partitions } = await client.admin().topics.describe(input);
const assignment = partitions.map(({ partition }) => ({ topic: input, partition }));
const consumer = client.consumer({
  assignment,
  autoOffsetReset: "earliest",
  key: string,
  value: string,
});
const producer = client.producer();
const changelog = `${output}-changelog`;
const step = byHand.start();
let records = 0;
let samples: Samples | undefined;
let full: Promise<void> | undefined;
for await (const batch of consumer) {
  samples ??= new Samples(Math.min(100_000, limit / 12));
  for (const { key, value, timestamp } of batch) {
    records += 1;
    step(key ?? "", value ?? "", (newKey, newValue) => {
      if (byHand.hasState) {
        producer.append(changelog, undefined, timestamp, newKey, newValue);
      }
      full = producer.append(output, undefined, timestamp, newKey, newValue) ?? full;
    });
    if (full) {
      await full;
      full = undefined;
    }
  }
  samples.at(records);
  if (records >= limit) break;
}
const begun = performance.now();
await client.close();
samples?.drained(performance.now() - begun);
samples?.end(records, 0);
