import { Kafka, logLevel } from "kafkajs";
import { Samples } from "../../samples.ts";

const [bootstrapServers = "", topic = "", limitText] = process.argv.slice(2);
const limit = Number(limitText);

const kafka = new Kafka({ brokers: bootstrapServers.split(","), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: `bench-${process.pid}` });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
let records = 0;
let checksum = 0;
const samples = new Samples(100_000);
const { promise: done, resolve } = Promise.withResolvers<void>();
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    for (const message of batch.messages) {
      const key = message.key?.toString() ?? "";
      const value = message.value?.toString() ?? "";
      checksum += key.length + value.charCodeAt(0) + value.length;
      records += 1;
    }
    samples.at(records);
    if (records >= limit) resolve();
  },
});
await done;
samples.end(records, checksum);
process.exit();
