import type { Cluster } from "../../src/client/cluster.ts";
import { Fetch } from "../../src/protocol/apis/fetch.ts";
import { ListOffsets } from "../../src/protocol/apis/list-offsets.ts";
import { RecordBatches } from "../../src/protocol/record-batch.ts";
import { RecordCursor, type RecordHeader } from "../../src/protocol/record-cursor.ts";
import { until } from "../until.ts";

/** A record as a suite finds it in the log. */
export interface FoundRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly RecordHeader[];
}

const fetchBytes = 1 << 24;
const decompressedBytes = 1 << 26;

/**
 * Reads a topic to its end by requests of its own, a partition after the other; `committed` leaves out
 * what was aborted and what is undecided.
 */
export async function readTopic(
  cluster: Cluster,
  topic: string,
  { committed = false }: { readonly committed?: boolean } = {},
): Promise<FoundRecord[]> {
  await cluster.refresh([topic]);
  const found: FoundRecord[] = [];
  for (const { partition } of cluster.metadata.topic(topic)?.partitions ?? []) {
    const end = await endOffset(cluster, topic, partition, committed);
    for (let offset = 0; offset < end; ) {
      const next = await readSome(cluster, topic, partition, offset, committed, found);
      if (next === offset) throw new Error(`${topic}-${partition} gives nothing at ${offset}`);
      offset = next;
    }
  }
  return found;
}

/** Reads what one fetch gives and returns the offset after it. */
async function readSome(
  cluster: Cluster,
  topic: string,
  partition: number,
  fetchOffset: number,
  committed: boolean,
  found: FoundRecord[],
): Promise<number> {
  const part = { partition, fetchOffset, partitionMaxBytes: fetchBytes };
  const body = {
    maxWaitMs: 100,
    minBytes: 1,
    isolationLevel: committed ? 1 : 0,
    topics: [{ topic, partitions: [part] }],
  };
  const leader = cluster.metadata.partition(topic, partition)?.leader ?? "any";
  const { responses } = await cluster.request(leader, Fetch, body, { newest: 12 });
  const answer = responses[0]?.partitions[0];
  if (answer?.errorCode !== 0 || !answer.records) return fetchOffset;
  const aborted = [...(answer.abortedTransactions ?? [])].sort(
    (left, right) => left.firstOffset - right.firstOffset,
  );
  const discarded = new Set<number>();
  const batches = new RecordBatches(answer.records);
  const cursor = new RecordCursor();
  let next = fetchOffset;
  for (let batch = batches.next(); batch; batch = batches.next()) {
    batch.checkCrc();
    next = batch.lastOffset + 1;
    while (aborted[0] && aborted[0].firstOffset <= batch.baseOffset) {
      discarded.add(aborted.shift()?.producerId as number);
    }
    if (batch.isControl) discarded.delete(batch.producerId);
    if (batch.isControl || (batch.isTransactional && discarded.has(batch.producerId))) continue;
    cursor.open(batch, decompressedBytes);
    while (cursor.next()) {
      if (cursor.offset < fetchOffset) continue;
      found.push({
        partition,
        offset: cursor.offset,
        timestamp: cursor.timestamp,
        key: cursor.keyText(),
        value: cursor.valueText(),
        headers: cursor.headers(),
      });
    }
  }
  return next;
}

async function endOffset(
  cluster: Cluster,
  topic: string,
  partition: number,
  committed: boolean,
): Promise<number> {
  const part = { partitionIndex: partition, timestamp: -1 };
  const body = {
    replicaId: -1,
    isolationLevel: committed ? 1 : 0,
    topics: [{ name: topic, partitions: [part] }],
  };
  let offset = -1;
  await until(`the end of ${topic}-${partition}`, async () => {
    const leader = cluster.metadata.partition(topic, partition)?.leader ?? "any";
    const { topics } = await cluster.request(leader, ListOffsets, body);
    const answer = topics[0]?.partitions[0];
    offset = answer?.offset ?? -1;
    if (answer?.errorCode === 0) return true;
    await cluster.refresh([topic]);
    return false;
  });
  return offset;
}
