/** A partition by the topic's name. */
export interface TransactionPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Partitions by topic. */
export type PartitionSet = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * Where the transaction of a transactional id stands (Kafka's `TransactionState`, by its names):
 * Prepare… means that the outcome is decided and markers are being written.
 */
export type TransactionState =
  | "Empty"
  | "Ongoing"
  | "PrepareCommit"
  | "PrepareAbort"
  | "CompleteCommit"
  | "CompleteAbort";

/** The numbers of the states in `__transaction_state`. */
export const transactionStateNumber = {
  Empty: 0,
  Ongoing: 1,
  PrepareCommit: 2,
  PrepareAbort: 3,
  CompleteCommit: 4,
  CompleteAbort: 5,
} satisfies Record<TransactionState, number>;

const stateByNumber = new Map<number, TransactionState>(
  Object.entries(transactionStateNumber).map(([name, id]) => [id, name as TransactionState]),
);

/** The state that a number in `__transaction_state` stands for; undefined for one that is never written. */
export function transactionStateOf(wire: number): TransactionState | undefined {
  return stateByNumber.get(wire);
}

/** The `transaction.version` that a producer speaks: 2 is that of KIP-890, where each end bumps the epoch. */
export type TransactionVersion = 0 | 1 | 2;

/** What is known of a transactional id (Kafka's `TransactionMetadata`). Never changed: each step makes another. */
export interface Transaction {
  readonly transactionalId: string;
  readonly producerId: number;
  /** The producer id before the last step; −1 for none. */
  readonly previousProducerId: number;
  /** The producer id that takes over when this transaction is complete, as the epochs are used up; −1 for none. */
  readonly nextProducerId: number;
  readonly producerEpoch: number;
  /** The epoch before the last bump that the producer itself asked for; −1 for none, and after a restart. */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly state: TransactionState;
  /** The partitions that are in it; while markers are being written, those that have none yet. */
  readonly partitions: PartitionSet;
  /** When the first partition was added, in milliseconds since 1970; −1 for never. */
  readonly startedAt: number;
  /** When the last step was taken, in milliseconds since 1970. */
  readonly updatedAt: number;
  readonly clientVersion: TransactionVersion;
}

/** What stands for no producer id and no epoch. */
export const none = -1;

/** No partition at all. */
export const noPartitions: PartitionSet = new Map();

/** The greatest epoch there is. Producers are never given it, so that each can be fenced. */
export const greatestEpoch = 0x7fff;

/** Whether a producer with this epoch needs another id before it can be given another epoch. */
export function isEpochExhausted(epoch: number): boolean {
  return epoch >= greatestEpoch - 1;
}

/** Whether the set has the partition. */
export function hasPartition(
  set: PartitionSet,
  { topic, partition }: TransactionPartition,
): boolean {
  return set.get(topic)?.has(partition) ?? false;
}

/** The set with further partitions. */
export function withPartitions(
  set: PartitionSet,
  added: Iterable<TransactionPartition>,
): PartitionSet {
  const topics = new Map<string, Set<number>>();
  for (const { topic, partition } of added) {
    const indexes = topics.get(topic) ?? new Set(set.get(topic));
    topics.set(topic, indexes.add(partition));
  }
  return new Map([...set, ...topics]);
}

/** The partitions of a set one by one. */
export function* eachPartition(set: PartitionSet): Generator<TransactionPartition> {
  for (const [topic, indexes] of set) {
    for (const partition of indexes) yield { topic, partition };
  }
}
