import { Client, type ConsumerBatch } from "millrace/client";

/** What a topic holds, in few words: equal for equal contents, whatever the order of keys. */
export interface Digest {
  readonly records: number;
  readonly keys: number;
  /** Over all records, whatever their order. */
  readonly ofRecords: number;
  /** Over the last record of each key. */
  readonly ofLast: number;
}

/** Reads a topic from its start to its present end. */
export async function digestOf(bootstrapServers: string, topic: string): Promise<Digest> {
  await using client = new Client({ bootstrapServers });
  const { partitions } = await client.admin().topics.describe(topic);
  const assignment = partitions.map(({ partition }) => ({ topic, partition }));
  await using consumer = client.consumer({ assignment, autoOffsetReset: "earliest" });
  const ends = await consumer.endOffsets(assignment);
  const open = new Map(
    ends.flatMap(({ partition, offset }) => (offset > 0 ? [[partition, offset] as const] : [])),
  );
  const reading = new Reading();
  if (open.size > 0) {
    for await (const batch of consumer) {
      reading.add(batch);
      if (batch.nextOffset >= (open.get(batch.partition) ?? 0)) open.delete(batch.partition);
      if (open.size === 0) break;
    }
  }
  return reading.digest();
}

class Reading {
  #records = 0;
  #ofRecords = 0;
  readonly #last = new Map<string, number>();

  add(batch: ConsumerBatch): void {
    const cursor = batch.cursor();
    const { record } = cursor;
    while (cursor.next()) {
      const { buffer, keyStart, keyEnd, valueStart, valueEnd } = record;
      const hash = hashOf(buffer, keyStart, keyEnd, hashOf(buffer, valueStart, valueEnd, seed));
      this.#records += 1;
      this.#ofRecords = (this.#ofRecords + hash) % modulus;
      this.#last.set(buffer.latin1Slice(keyStart, keyEnd), hash);
    }
  }

  digest(): Digest {
    let ofLast = 0;
    for (const hash of this.#last.values()) ofLast = (ofLast + hash) % modulus;
    return { records: this.#records, keys: this.#last.size, ofRecords: this.#ofRecords, ofLast };
  }
}

const modulus = 2 ** 48;
const seed = 0x811c9dc5;

/** FNV-1a. */
function hashOf(buffer: Buffer, start: number, end: number, before: number): number {
  let hash = before;
  for (let at = start; at < end; at += 1) {
    hash = Math.imul(hash ^ (buffer[at] as number), 0x01000193) >>> 0;
  }
  return hash;
}
