import { type BrokerErrorCode, brokerErrorNumber } from "../src/broker-error-code.ts";
import { Producer, type ProducerOptions } from "../src/client/producer/producer.ts";
import type { Content } from "../src/client/producer/record.ts";
import type { RequestOf } from "../src/protocol/api.ts";
import { InitProducerId } from "../src/protocol/apis/init-producer-id.ts";
import { Produce } from "../src/protocol/apis/produce.ts";
import { advanceSequence, RecordBatch } from "../src/protocol/record-batch.ts";
import { RecordCursor } from "../src/protocol/record-cursor.ts";
import { type Asked, ScriptedCluster } from "./scripted-cluster.ts";

/** What goes wrong with a batch: an error, or the connection breaks before or after it is written. */
export type Fault = BrokerErrorCode | "lose-request" | "lose-answer";

/** A batch as it has come to a scripted broker. */
export interface Arrival extends Asked {
  readonly topic: string;
  readonly partition: number;
  readonly batch: RecordBatch;
}

/** As many batches of a producer does a broker remember. */
const rememberedBatches = 5;
const noFault = () => undefined;
/** How long a broker stays away after a connection to it broke, in milliseconds. */
const awayMs = 30;

interface Remembered {
  readonly baseSequence: number;
  readonly baseOffset: number;
}

interface ProducerState {
  epoch: number;
  nextSequence: number;
  remembered: readonly Remembered[];
}

/** A partition's log, which guards the order of idempotent producers' batches as Kafka's does. */
export class ScriptedPartition {
  readonly values: (string | null)[] = [];
  readonly batches: RecordBatch[] = [];
  readonly #producers = new Map<number, ProducerState>();

  /** Appends a batch and gives its base offset, or says why not. */
  append(batch: RecordBatch): number | BrokerErrorCode {
    batch.checkCrc();
    const { producerId, producerEpoch: epoch, baseSequence, count } = batch;
    const state = this.#producers.get(producerId);
    if (producerId >= 0 && state) {
      if (epoch < state.epoch) return "INVALID_PRODUCER_EPOCH";
      const isSame = epoch === state.epoch;
      const again = state.remembered.find((one) => one.baseSequence === baseSequence);
      if (isSame && again) return again.baseOffset;
      if (baseSequence !== (isSame ? state.nextSequence : 0)) return "OUT_OF_ORDER_SEQUENCE_NUMBER";
    }
    const baseOffset = this.values.length;
    if (producerId >= 0) {
      const kept = state?.epoch === epoch ? state.remembered : [];
      this.#producers.set(producerId, {
        epoch,
        nextSequence: advanceSequence(baseSequence, count),
        remembered: [...kept, { baseSequence, baseOffset }].slice(-rememberedBatches),
      });
    }
    this.batches.push(batch);
    const cursor = new RecordCursor();
    cursor.open(batch, 1 << 24);
    while (cursor.next()) this.values.push(cursor.valueText());
    return baseOffset;
  }

  /** Forgets the producers, as when all their batches are deleted. */
  forgetProducers(): void {
    this.#producers.clear();
  }
}

/** The partitions of a scripted cluster, for producers to write to. */
export class ScriptedPartitions {
  /** Decides what goes wrong; may be changed while a test runs. */
  fault: (arrival: Arrival) => Fault | undefined = noFault;
  /** How long an answer takes, in milliseconds. */
  delayMs = 0;
  throttleTimeMs = 0;
  /** The leaders that answers name with NOT_LEADER_OR_FOLLOWER (KIP-951), by partition. */
  hints: readonly { readonly leaderId: number; readonly leaderEpoch: number }[] = [];
  readonly #scripted: ScriptedCluster;
  readonly #partitions = new Map<string, ScriptedPartition>();
  #producerIds = 1_000;

  constructor(scripted: ScriptedCluster) {
    this.#scripted = scripted;
    scripted.on(InitProducerId, () => {
      this.#producerIds += 1;
      return { errorCode: 0, producerId: this.#producerIds, producerEpoch: 0 };
    });
    scripted.on(Produce, async (request, asked) => {
      const answer = this.#answer(request, asked);
      if (this.delayMs > 0) await scripted.clock.sleep(this.delayMs);
      return answer;
    });
  }

  /** One partition's log. */
  partition(topic: string, partition: number): ScriptedPartition {
    const name = `${topic}-${partition}`;
    const log = this.#partitions.get(name) ?? new ScriptedPartition();
    this.#partitions.set(name, log);
    return log;
  }

  #answer({ topicData }: RequestOf<typeof Produce>, asked: Asked) {
    const responses = topicData.map(({ name = "", topicId, partitionData }) => {
      const topic = name || (this.#scripted.topics.find(({ id }) => id === topicId)?.name ?? "");
      const partitionResponses = partitionData.map(({ index, records }) => {
        const batch = new RecordBatch(Buffer.from(records as Uint8Array));
        return this.#append({ ...asked, topic, partition: index, batch });
      });
      return { name, topicId, partitionResponses };
    });
    const named = this.hints.map(({ leaderId }) => leaderId).filter((id) => id >= 0);
    const nodeEndpoints = [...new Set(named)].map((nodeId) => {
      const { host, port } = ScriptedCluster.address(nodeId);
      return { nodeId, host, port, rack: null };
    });
    return { responses, nodeEndpoints, throttleTimeMs: this.throttleTimeMs };
  }

  #append(arrival: Arrival) {
    const { topic, partition, batch, broker } = arrival;
    const leader = this.#scripted.topics.find(({ name }) => name === topic)?.leaders[partition];
    const fault = leader === broker ? this.fault(arrival) : "NOT_LEADER_OR_FOLLOWER";
    if (fault === "lose-request" || fault === "lose-answer") this.#breakConnection(broker);
    const isKept = fault === undefined || fault === "lose-answer";
    const result = isKept ? this.partition(topic, partition).append(batch) : fault;
    const hasFailed = typeof result === "string" && result !== "lose-request";
    const errorCode = hasFailed ? brokerErrorNumber(result) : 0;
    const hint = this.hints[partition];
    const baseOffset = typeof result === "number" ? result : -1;
    const currentLeader = errorCode !== 0 && hint ? { currentLeader: hint } : {};
    return { index: partition, errorCode, baseOffset, ...currentLeader };
  }

  #breakConnection(broker: number): void {
    const { alive, clock } = this.#scripted;
    if (!alive.delete(broker)) return;
    clock.after(awayMs, () => alive.add(broker));
  }
}

/** The topic of {@link scriptedWith}. */
export const topic = "orders";

/** A cluster of brokers with one topic, whose partitions have these leaders, and a way to make producers. */
export function scriptedWith(leaders: readonly number[], brokers: readonly number[] = [1]) {
  const scripted = new ScriptedCluster(brokers);
  scripted.topics = [{ name: topic, leaders, leaderEpochs: leaders.map(() => 1) }];
  const partitions = new ScriptedPartitions(scripted);
  const newProducer = (options: ProducerOptions<Content, Content> = {}) =>
    new Producer(scripted.cluster, options);
  return { scripted, partitions, newProducer, clock: scripted.clock };
}
