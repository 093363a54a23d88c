import { KafkaStreams, type Serde, StreamsBuilder, string } from "millrace";
import { consoleLogger } from "millrace/client";
import { Samples } from "../../samples.ts";
import { jobNamed } from "../job.ts";

const [
  bootstrapServers = "",
  name = "",
  input = "",
  output = "",
  applicationId = "",
  limitText,
  stateDir = "",
] = process.argv.slice(2);
const limit = Number(limitText);
/** From the last record's being read to the end: for it to go through the topology, too. */
const settleMs = 250;

let records = 0;
let samples: Samples | undefined;
const done = Promise.withResolvers<void>();
/** Strings; prints a sample every so many. Each record's value is deserialized once, when its turn comes. */
const counting: Serde<string> = {
  ...string,
  deserialize(buffer, start, end) {
    samples ??= new Samples(Math.min(100_000, limit / 12));
    records += 1;
    samples.at(records);
    if (records === limit) done.resolve();
    return string.deserialize(buffer, start, end);
  },
};
const builder = new StreamsBuilder();
const job = await jobNamed(name);
job.build(builder, { input, output }, { key: string, value: counting });
const app = new KafkaStreams(builder.build(), {
  applicationId,
  bootstrapServers,
  stateDir,
  logger: consoleLogger,
});
app.onStateChange((state) => {
  if (state === "error") done.reject(app.error);
});
await app.start();
await done.promise;
await new Promise((resolve) => setTimeout(resolve, settleMs));
const begun = performance.now();
await app.close();
samples?.drained(performance.now() - begun);
samples?.end(records, 0);
