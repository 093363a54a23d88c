import {
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import { Samples } from "../../samples.ts";
import { jobNamed } from "../job.ts";

// What one would write by hand around a client: a map for the state, which is lost when the process ends.
const [bootstrapServers = "", name = "", input = "", output = "", groupId = "", limitText] =
  process.argv.slice(2);
const limit = Number(limitText);
const { byHand } = await jobNamed(name);
if (!byHand) throw new Error(`${name} is not a job for a loop`);
/** This client sends what one call gives it: chunks of a size that it handles well, four at a time. */
const chunk = 1_000;
const callsInFlight = 4;

const bootstrapBrokers = bootstrapServers.split(",");
const consumer = new Consumer({
  groupId,
  clientId: "bench",
  bootstrapBrokers,
  deserializers: stringDeserializers,
  autocommit: false,
});
const producer = new Producer({
  clientId: "bench",
  bootstrapBrokers,
  serializers: {
    key: stringSerializers.key,
    // Counts come as bytes.
    value: (value) => (typeof value === "string" ? Buffer.from(value) : value),
  },
});
interface Outgoing {
  readonly topic: string;
  readonly key: string;
  readonly value: string | Buffer;
}
const step = byHand.start();
const inFlight = new Set<Promise<unknown>>();
let outgoing: Outgoing[] = [];
let records = 0;
let samples: Samples | undefined;
const stream = await consumer.consume({ topics: [input], mode: MessagesStreamModes.EARLIEST });
for await (const { key, value } of stream) {
  samples ??= new Samples(Math.min(100_000, limit / 12));
  records += 1;
  step(key, value, (newKey, newValue) => {
    outgoing.push({ topic: output, key: newKey, value: newValue });
  });
  if (outgoing.length >= chunk) {
    send();
    if (inFlight.size >= callsInFlight) await Promise.race(inFlight);
  }
  if (records % 1_000 === 0) samples.at(records);
  if (records >= limit) break;
}
const begun = performance.now();
if (outgoing.length > 0) send();
await Promise.all(inFlight);
samples?.drained(performance.now() - begun);
samples?.end(records, 0);
process.exit();

function send(): void {
  const call = producer.send({ messages: outgoing as never });
  outgoing = [];
  inFlight.add(call);
  call.then(
    () => inFlight.delete(call),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
