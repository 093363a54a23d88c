import type { Cluster } from "../src/client/cluster.ts";
import { Consumer, type ConsumerOptions } from "../src/client/consumer/consumer.ts";
import { string } from "../src/client/serde.ts";

/** The partition that a reader has unless it is told otherwise. */
export const orders = { topic: "orders", partition: 0 };

/** A consumer of text that begins at the start. */
export function reader(
  { cluster }: { readonly cluster: Cluster },
  options: Partial<ConsumerOptions<string, string>> = {},
): Consumer<string, string> {
  return new Consumer(cluster, {
    assignment: [orders],
    autoOffsetReset: "earliest",
    key: string,
    value: string,
    ...options,
  });
}

/** The next values, as many as are wanted, over as many batches as it takes. */
export async function values(consumer: Consumer<string, string>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const batch of consumer) {
    for (const { value } of batch) seen.push(value ?? "null");
    if (seen.length >= count) break;
  }
  return seen;
}
