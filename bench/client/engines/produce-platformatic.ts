import { Producer, stringSerializers } from "@platformatic/kafka";
import { Samples } from "../../samples.ts";
import { input } from "../input.ts";

const [bootstrapServers = "", topic = "", limitText, valueBytes] = process.argv.slice(2);
const limit = Number(limitText);
const { keyAt, valueAt } = input(Number(valueBytes));
/**
 * This client sends what one call gives it: chunks of a size that it handles well, four at a time.
 * Not idempotent, since then its calls may not overlap (the broker sees sequence numbers out of order).
 */
const chunk = 1_000;
const callsInFlight = 4;

const producer = new Producer({
  clientId: "bench",
  bootstrapBrokers: bootstrapServers.split(","),
  serializers: stringSerializers,
});
let delivered = 0;
const samples = new Samples(100_000);
let next = 0;
async function lane(): Promise<void> {
  while (next < limit) {
    const messages = [];
    for (const end = Math.min(next + chunk, limit); next < end; next += 1) {
      messages.push({ topic, key: keyAt(next), value: valueAt(next) });
    }
    await producer.send({ messages });
    delivered += messages.length;
    samples.at(delivered);
  }
}
await Promise.all(Array.from({ length: callsInFlight }, lane));
samples.end(delivered, limit - delivered);
await producer.close();
process.exit();
