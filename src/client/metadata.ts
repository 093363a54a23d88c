import { type BrokerErrorCode, brokerErrorCode } from "../broker-error-code.ts";
import { type Metadata as MetadataApi, type ResponseOf, zeroUuid } from "../protocol/index.ts";

/** A broker of the cluster. */
export interface BrokerAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** One partition as the cluster last described it. */
export interface PartitionMetadata {
  readonly partition: number;
  /** The broker that leads it, −1 while there is none. */
  readonly leader: number;
  /** Grows with each election; −1 where the broker does not tell. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly offlineReplicas: readonly number[];
}

/** One topic as the cluster last described it. */
export interface TopicMetadata {
  readonly name: string;
  /** The topic's id (KIP-516), all zeros where the broker does not tell. */
  readonly id: string;
  readonly isInternal: boolean;
  /** By partition number, without gaps. */
  readonly partitions: readonly PartitionMetadata[];
}

/**
 * What the client knows of the cluster: brokers, topics, leaders. An answer that is older than what
 * is known already (its leader epoch is smaller) does not replace it (KIP-320).
 */
export class Metadata {
  clusterId: string | null = null;
  /** The broker that takes administrative requests, −1 while unknown. */
  controller = -1;
  readonly #brokers = new Map<number, BrokerAddress>();
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #names = new Map<string, string>();
  readonly #errors = new Map<string, BrokerErrorCode>();

  get brokers(): readonly BrokerAddress[] {
    return [...this.#brokers.values()];
  }

  broker(id: number): BrokerAddress | undefined {
    return this.#brokers.get(id);
  }

  /** Takes in a broker that another answer named, such as a group's coordinator. */
  addBroker(broker: BrokerAddress): void {
    this.#brokers.set(broker.id, broker);
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  /** The name of the topic with this id, as far as it is known. */
  topicName(id: string): string | undefined {
    return this.#names.get(id);
  }

  /** All topics known. */
  get topics(): readonly TopicMetadata[] {
    return [...this.#topics.values()];
  }

  /** Why a topic is not known: what the broker last said about it. */
  errorOf(name: string): BrokerErrorCode | undefined {
    return this.#errors.get(name);
  }

  partition(topic: string, partition: number): PartitionMetadata | undefined {
    return this.#topics.get(topic)?.partitions[partition];
  }

  /** Takes in a Metadata answer; `all` says whether it lists every topic, so that missing ones are gone. */
  update(answer: ResponseOf<typeof MetadataApi>, all: boolean): void {
    this.clusterId = answer.clusterId;
    this.controller = answer.controllerId;
    this.#brokers.clear();
    for (const { nodeId, host, port, rack } of answer.brokers) {
      this.#brokers.set(nodeId, { id: nodeId, host, port, rack });
    }
    const listed = new Set<string>();
    for (const topic of answer.topics) {
      const name = topic.name ?? this.#names.get(topic.topicId);
      if (name === undefined) continue;
      listed.add(name);
      this.#updateTopic(name, topic);
    }
    if (!all) return;
    for (const name of [...this.#topics.keys()]) if (!listed.has(name)) this.forget(name);
  }

  /** Takes in a leader that a Produce or Fetch answer named (KIP-951); older epochs are passed over. */
  updateLeader(topic: string, partition: number, leader: number, leaderEpoch: number): void {
    const known = this.#topics.get(topic);
    const old = known?.partitions[partition];
    if (!known || !old || leaderEpoch <= old.leaderEpoch) return;
    const partitions = known.partitions.with(partition, { ...old, leader, leaderEpoch });
    this.#topics.set(topic, { ...known, partitions });
  }

  /** Drops a topic. */
  forget(name: string): void {
    const topic = this.#topics.get(name);
    if (topic) this.#names.delete(topic.id);
    this.#topics.delete(name);
  }

  #updateTopic(name: string, topic: ResponseOf<typeof MetadataApi>["topics"][number]): void {
    if (topic.errorCode !== 0) {
      const code = brokerErrorCode(topic.errorCode);
      this.#errors.set(name, code);
      // A topic without a leader is still there; one that is unknown or forbidden is not.
      if (code !== "LEADER_NOT_AVAILABLE") this.forget(name);
      return;
    }
    this.#errors.delete(name);
    const old = this.#topics.get(name);
    const isSame = old?.id === topic.topicId;
    const partitions: PartitionMetadata[] = [];
    for (const one of topic.partitions) {
      const fresh: PartitionMetadata = {
        partition: one.partitionIndex,
        leader: one.leaderId,
        leaderEpoch: one.leaderEpoch,
        replicas: one.replicaNodes,
        inSyncReplicas: one.isrNodes,
        offlineReplicas: one.offlineReplicas,
      };
      const known = isSame ? old?.partitions[one.partitionIndex] : undefined;
      const isOlder = known !== undefined && fresh.leaderEpoch < known.leaderEpoch;
      partitions[one.partitionIndex] = isOlder ? known : fresh;
    }
    if (old && !isSame) this.forget(name);
    this.#topics.set(name, {
      name,
      id: topic.topicId,
      isInternal: topic.isInternal,
      partitions,
    });
    if (topic.topicId !== zeroUuid) this.#names.set(topic.topicId, name);
  }
}
