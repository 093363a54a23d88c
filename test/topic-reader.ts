import {
  type Admin,
  type Client,
  type ConsumerOptions,
  type ConsumerRecord,
  type TopicPartition,
  valuesOrThrow,
} from "millrace/client";
import { until } from "./until.ts";

const patienceMs = 30_000;

/** How records are read; as bytes if no more is said. */
type ReadOptions<K, V> = Pick<ConsumerOptions<K, V>, "key" | "value" | "isolationLevel">;

/** All records of a topic that are there now, partition by partition; fails when they do not come. */
export async function readTopic<K = Buffer, V = Buffer>(
  client: Client,
  topic: string,
  options: ReadOptions<K, V> = {},
): Promise<ConsumerRecord<K, V>[]> {
  const { partitions } = await client.admin().topics.describe(topic);
  const assignment = partitions.map(({ partition }) => ({ topic, partition }));
  const records = await readPartitions(client, assignment, options);
  return records.sort((one, other) => one.partition - other.partition);
}

/** The same of some partitions, in the order in which records come. */
export async function readPartitions<K = Buffer, V = Buffer>(
  client: Client,
  assignment: readonly TopicPartition[],
  options: ReadOptions<K, V> = {},
): Promise<ConsumerRecord<K, V>[]> {
  const consumerOptions = { ...options, assignment, autoOffsetReset: "earliest" } as const;
  await using consumer = client.consumer<K, V>(consumerOptions);
  const ends = await consumer.endOffsets(assignment);
  const signal = AbortSignal.timeout(patienceMs);
  const records: ConsumerRecord<K, V>[] = [];
  while (ends.some((end) => (consumer.position(end) ?? -1) < end.offset)) {
    for (const batch of await consumer.poll({ timeoutMs: 50, signal })) {
      for (const record of batch) records.push(record);
    }
  }
  return records;
}

/** Waits until a group has committed all there is in some topics. */
export async function caughtUp(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
): Promise<void> {
  const described = valuesOrThrow(await admin.topics.describe(topics));
  const places = [...described].flatMap(([topic, { partitions }]) =>
    partitions.map(({ partition }) => ({ topic, partition, at: "latest" as const })),
  );
  await until(`${groupId} has committed all there is`, async () => {
    // Before the ends: what was committed has been written on by then, and counts in these.
    const committed = await admin.groupOffsets.list(groupId);
    const ends = valuesOrThrow(await admin.records.listOffsets(places));
    return [...ends].every(([name, { offset: end = 0 }]) => {
      const place = committed.find((one) => `${one.topic}-${one.partition}` === name);
      return (place?.offset ?? 0) >= end;
    });
  });
}
