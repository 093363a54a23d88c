import { Client } from "millrace/client";
import { Samples } from "../../samples.ts";
import { input } from "../input.ts";

const [bootstrapServers = "", topic = "", limitText, valueBytes, ...rest] = process.argv.slice(2);
const settings = rest.filter((word) => word.includes("="));
const awaitsEach = rest.includes("send");
const limit = Number(limitText);
const { keyAt, valueAt } = input(Number(valueBytes));

let delivered = 0;
let failed = 0;
const client = new Client({ bootstrapServers });
const producer = client.producer({
  ...Object.fromEntries(settings.map((pair) => pair.split("=", 2).map(asSetting))),
  onDelivery: awaitsEach ? undefined : onDelivery,
});
const samples = new Samples(100_000);
if (awaitsEach) await send();
else await enqueue();
await producer.flush();
samples.at(delivered);
samples.end(delivered, failed);
await client.close();

function onDelivery(error: Error | null): void {
  if (error === null) delivered += 1;
  else failed += 1;
}

async function enqueue(): Promise<void> {
  for (let index = 0; index < limit; index += 1) {
    const full = producer.enqueue({ topic, key: keyAt(index), value: valueAt(index) });
    if (full) await full;
    if (index % 1_000 === 0) samples.at(delivered);
  }
}

/** A promise for every record, with at most ten thousand records on their way. */
async function send(): Promise<void> {
  const succeed = () => {
    delivered += 1;
  };
  const fail = () => {
    failed += 1;
  };
  let early: Promise<void>[] = [];
  let late: Promise<void>[] = [];
  for (let index = 0; index < limit; index += 1) {
    late.push(
      producer.send({ topic, key: keyAt(index), value: valueAt(index) }).then(succeed, fail),
    );
    if (late.length < 5_000) continue;
    await Promise.all(early);
    [early, late] = [late, []];
    samples.at(delivered);
  }
  await Promise.all([...early, ...late]);
}

/** Kafka's setting names in camelCase; numbers as numbers. */
function asSetting(text: string, position: number): string | number {
  if (position === 1) return Number.isNaN(Number(text)) ? text : Number(text);
  return text.replaceAll(/\.(\w)/g, (_, letter: string) => letter.toUpperCase());
}
