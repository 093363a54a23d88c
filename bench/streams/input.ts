import { Client } from "millrace/client";
import { input } from "../client/input.ts";

/** The topic that all jobs read. */
export const inputTopic = "bench-input";

const partitions = 2;
const keyCount = 100_000;
const valueBytes = 100;
const seed = 20_260_101;

/**
 * Writes the records that all engines read: text of 100 bytes, 100,000 keys in a random order that is the
 * same each time, two partitions, the present time.
 */
export async function loadInput(bootstrapServers: string, records: number): Promise<void> {
  await using client = new Client({ bootstrapServers });
  const configs = { "retention.ms": "-1" };
  await client.admin().topics.create({ name: inputTopic, numPartitions: partitions, configs });
  let failed = 0;
  const producer = client.producer({
    onDelivery: (error) => {
      if (error) failed += 1;
    },
  });
  const { valueAt } = input(valueBytes);
  let state = seed;
  for (let index = 0; index < records; index += 1) {
    // A linear congruential generator; the upper bits choose the key, since the lower ones repeat early.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const key = `key-${Math.floor((state / 2 ** 32) * keyCount)}`;
    const full = producer.enqueue({ topic: inputTopic, key, value: valueAt(index) });
    if (full) await full;
  }
  await producer.flush();
  if (failed > 0) throw new Error(`${failed} records of the input were not delivered`);
}
