import { Client } from "millrace/client";
import { Samples } from "../../samples.ts";
import { input } from "../input.ts";

const [bootstrapServers = "", topic = "", limitText, valueBytes, ...settings] =
  process.argv.slice(2);
const limit = Number(limitText);
const { keyAt, valueAt } = input(Number(valueBytes));

let delivered = 0;
let failed = 0;
const client = new Client({ bootstrapServers });
const producer = client.producer({
  ...Object.fromEntries(settings.map((pair) => pair.split("=", 2).map(asSetting))),
  onDelivery(error) {
    if (error === null) delivered += 1;
    else failed += 1;
  },
});
const samples = new Samples(100_000);
for (let index = 0; index < limit; index += 1) {
  const full = producer.enqueue({ topic, key: keyAt(index), value: valueAt(index) });
  if (full) await full;
  if (index % 1_000 === 0) samples.at(delivered);
}
await producer.flush();
samples.at(delivered);
samples.end(delivered, failed);
await client.close();

/** Kafka's setting names in camelCase; numbers as numbers. */
function asSetting(text: string, position: number): string | number {
  if (position === 1) return Number.isNaN(Number(text)) ? text : Number(text);
  return text.replaceAll(/\.(\w)/g, (_, letter: string) => letter.toUpperCase());
}
