import { type Produce, type RequestOf, type ResponseOf, zeroUuid } from "../../protocol/index.ts";
import type { Metadata } from "../metadata.ts";
import type { Batch } from "./batch.ts";
import type { PartitionQueue } from "./partition-queue.ts";

/** One batch in a Produce request, and the queue it came from. */
export interface Load {
  readonly queue: PartitionQueue;
  readonly batch: Batch;
}

/** What a Produce answer says of one partition. */
export type PartitionAnswer = ResponseOf<
  typeof Produce
>["responses"][number]["partitionResponses"][number];

/** What every Produce request of a producer has in common. */
export interface ProduceHead {
  readonly transactionalId: string | null;
  readonly acks: 0 | 1 | "all";
  /** How long the broker may wait for replicas, in milliseconds. */
  readonly timeoutMs: number;
}

const acksOnWire = { 0: 0, 1: 1, all: -1 } as const;

/** The batches on their way to one broker in one request: at most one of each partition. */
export class Freight {
  readonly loads: readonly Load[];
  /** Whether every topic's id is known, as versions from 13 on need it (KIP-516). */
  readonly hasIds: boolean;
  readonly #ids = new Map<string, string>();
  readonly #names = new Map<string, string>();

  constructor(loads: readonly Load[], metadata: Metadata) {
    this.loads = loads;
    for (const { batch } of loads) {
      if (this.#ids.has(batch.topic)) continue;
      const id = metadata.topic(batch.topic)?.id ?? zeroUuid;
      this.#ids.set(batch.topic, id);
      this.#names.set(id, batch.topic);
    }
    this.hasIds = !this.#names.has(zeroUuid);
  }

  /** The request's body. */
  body({ transactionalId, acks, timeoutMs }: ProduceHead): RequestOf<typeof Produce> {
    const byTopic = new Map<string, { index: number; records: Buffer }[]>();
    for (const { batch } of this.loads) {
      const partitionData = byTopic.get(batch.topic);
      const part = { index: batch.partition, records: batch.encode() };
      if (partitionData) partitionData.push(part);
      else byTopic.set(batch.topic, [part]);
    }
    const topicData = [...byTopic].map(([name, partitionData]) => ({
      name,
      topicId: this.#ids.get(name) as string,
      partitionData,
    }));
    return { transactionalId, acks: acksOnWire[acks], timeoutMs, topicData };
  }

  /** Hands each load what the answer says of it: undefined if nothing, which no broker should do. */
  share(
    answer: ResponseOf<typeof Produce>,
    take: (load: Load, answer: PartitionAnswer | undefined) => void,
  ): void {
    const found = new Map<Load, PartitionAnswer>();
    let next = 0;
    for (const { name, topicId, partitionResponses } of answer.responses) {
      const topic = name === "" ? this.#names.get(topicId) : name;
      for (const one of partitionResponses) {
        // Brokers answer in the order of the request, by and large.
        const isNext = isOf(this.loads[next], topic, one.index);
        const load = isNext ? this.loads[next] : this.#loadOf(topic, one.index);
        next += 1;
        if (load) found.set(load, one);
      }
    }
    for (const load of this.loads) take(load, found.get(load));
  }

  #loadOf(topic: string | undefined, partition: number): Load | undefined {
    return this.loads.find((load) => isOf(load, topic, partition));
  }
}

function isOf(load: Load | undefined, topic: string | undefined, partition: number): boolean {
  return load?.batch.partition === partition && load.batch.topic === topic;
}
