import { Kafka, logLevel, Partitioners } from "kafkajs";
import { Samples } from "../../samples.ts";
import { input } from "../input.ts";

const [bootstrapServers = "", topic = "", limitText, valueBytes] = process.argv.slice(2);
const limit = Number(limitText);
const { keyAt, valueAt } = input(Number(valueBytes));
/** This client sends what one call gives it; an idempotent one has a single request in flight. */
const chunk = 1_000;

const kafka = new Kafka({ brokers: bootstrapServers.split(","), logLevel: logLevel.NOTHING });
const producer = kafka.producer({
  createPartitioner: Partitioners.DefaultPartitioner,
  idempotent: true,
  maxInFlightRequests: 1,
});
await producer.connect();
let delivered = 0;
const samples = new Samples(100_000);
while (delivered < limit) {
  const count = Math.min(chunk, limit - delivered);
  const messages = Array.from({ length: count }, (_, offset) => ({
    key: keyAt(delivered + offset),
    value: valueAt(delivered + offset),
  }));
  await producer.send({ topic, messages, acks: -1 });
  delivered += count;
  samples.at(delivered);
}
samples.end(delivered, limit - delivered);
await producer.disconnect();
process.exit();
