import assert from "node:assert/strict";
import type { Cluster } from "../../src/client/cluster.ts";
import { CreateTopics } from "../../src/protocol/apis/create-topics.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import type { Compression } from "../../src/protocol/compression.ts";
import {
  noProducer,
  type ProducerStamp,
  RecordBatchBuilder,
} from "../../src/protocol/record-batch-builder.ts";
import type { RecordHeaderIn } from "../../src/protocol/record-encoder.ts";
import { until } from "../until.ts";

/** A record that a suite writes. */
export interface RawRecord {
  readonly key?: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly timestamp?: number;
  readonly headers?: readonly RecordHeaderIn[];
}

/** How a suite writes records. */
export interface RawProduce {
  readonly topic: string;
  readonly partition?: number;
  readonly records: readonly RawRecord[];
  readonly compression?: Compression;
  /** How many records a batch has; all in one by default. */
  readonly batchRecords?: number;
  readonly transactionalId?: string;
  readonly stamp?: ProducerStamp;
}

/** Creates a topic on as many replicas as asked for, and waits until all its partitions have leaders. */
export async function createTopic(
  cluster: Cluster,
  name: string,
  {
    partitions = 1,
    replicas = 1,
    configs = {},
  }: {
    readonly partitions?: number;
    readonly replicas?: number;
    readonly configs?: Readonly<Record<string, string>>;
  } = {},
): Promise<void> {
  const { topics } = await cluster.request("any", CreateTopics, {
    topics: [
      {
        name,
        numPartitions: partitions,
        replicationFactor: replicas,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 10_000,
  });
  assert.equal(topics[0]?.errorCode, 0, topics[0]?.errorMessage ?? "the topic was refused");
  await until(`leaders of topic ${name}`, async () => {
    await cluster.refresh([name]);
    const known = cluster.metadata.topic(name)?.partitions ?? [];
    return known.length === partitions && known.every(({ leader }) => leader >= 0);
  });
}

/** Writes records by requests of its own and gives the base offset of the last batch. */
export async function produce(cluster: Cluster, what: RawProduce): Promise<number> {
  const { topic, partition = 0, records, batchRecords = records.length } = what;
  let baseOffset = -1;
  for (let start = 0; start < records.length; start += batchRecords) {
    const builder = new RecordBatchBuilder({
      compression: what.compression ?? "none",
      isTransactional: what.transactionalId !== undefined,
    });
    for (const record of records.slice(start, start + batchRecords)) {
      const { key = null, value, timestamp = Date.now(), headers } = record;
      builder.append(timestamp, key, value, headers);
    }
    const bytes = builder.finish(what.stamp ?? noProducer);
    const body = {
      transactionalId: what.transactionalId ?? null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index: partition, records: bytes }] }],
    };
    await until(`an answer to the batch for ${topic}-${partition}`, async () => {
      const leader = cluster.metadata.partition(topic, partition)?.leader ?? "any";
      const { responses } = await cluster.request(leader, Produce, body, { newest: 12 });
      const written = responses[0]?.partitionResponses[0];
      if (written?.errorCode === 6) {
        await cluster.refresh([topic]);
        return false;
      }
      assert.equal(written?.errorCode, 0, written?.errorMessage ?? "the batch was refused");
      baseOffset = written?.baseOffset ?? -1;
      return true;
    });
  }
  return baseOffset;
}

/** `count` records with the numbers from `first` on as values. */
export function numbered(count: number, first = 0): RawRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `key-${(first + index) % 10}`,
    value: String(first + index),
  }));
}
