import { Consumer, MessagesStreamModes, stringDeserializers } from "@platformatic/kafka";
import { Samples } from "../../samples.ts";

const [bootstrapServers = "", topic = "", limitText] = process.argv.slice(2);
const limit = Number(limitText);

const consumer = new Consumer({
  groupId: `bench-${process.pid}`,
  clientId: "bench",
  bootstrapBrokers: bootstrapServers.split(","),
  deserializers: stringDeserializers,
  autocommit: false,
});
let records = 0;
let checksum = 0;
const samples = new Samples(100_000);
const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST });
for await (const { key, value } of stream) {
  checksum += key.length + value.charCodeAt(0) + value.length;
  records += 1;
  if (records % 1_000 === 0) samples.at(records);
  if (records >= limit) break;
}
samples.end(records, checksum);
await consumer.close(true);
process.exit();
