import { DecodeError } from "../../errors.ts";
import {
  TransactionLogKey,
  TransactionLogValue,
  transactionRecordKind,
} from "../../protocol/index.ts";
import {
  type CoordinatorRecord,
  decodeKey,
  decodeValue,
  encodePart,
  recordKindOf,
} from "../groups/coordinator-record.ts";
import {
  none,
  noPartitions,
  type PartitionSet,
  type Transaction,
  type TransactionVersion,
  transactionStateNumber,
  transactionStateOf,
} from "./transaction.ts";

/** The record of `__transaction_state` that a transaction is kept as; `version` is the broker's `transaction.version`. */
export function encodeTransaction(
  transaction: Transaction,
  version: TransactionVersion,
): CoordinatorRecord {
  const { partitions, state } = transaction;
  const topics = [...partitions].map(([topic, indexes]) => ({ topic, partitionIds: [...indexes] }));
  const value = {
    producerId: transaction.producerId,
    previousProducerId: transaction.previousProducerId,
    nextProducerId: transaction.nextProducerId,
    producerEpoch: transaction.producerEpoch,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStatus: transactionStateNumber[state],
    transactionPartitions: state === "Empty" ? null : topics,
    transactionLastUpdateTimestampMs: transaction.updatedAt,
    transactionStartTimestampMs: transaction.startedAt,
    clientTransactionVersion: transaction.clientVersion,
  };
  return {
    key: encodeTransactionKey(transaction.transactionalId),
    value: encodePart(TransactionLogValue, version >= 1 ? 1 : 0, value),
  };
}

/** The key of a transactional id's records; with a null value it is the tombstone. */
export function encodeTransactionKey(transactionalId: string): Buffer {
  return encodePart(TransactionLogKey, transactionRecordKind, { transactionalId });
}

/**
 * Reads a record of `__transaction_state`; `transaction` is undefined in a tombstone. Throws a
 * {@link DecodeError} on a kind, version or state that Kafka 4.3 does not have, and on bytes without sense.
 */
export function decodeTransaction(
  key: Buffer,
  value: Buffer | null,
): { readonly transactionalId: string; readonly transaction: Transaction | undefined } {
  const kind = recordKindOf(key);
  if (kind !== transactionRecordKind) throw unknown(`the kind ${kind}`);
  const { transactionalId } = decodeKey(TransactionLogKey, key);
  if (value === null) return { transactionalId, transaction: undefined };
  const version = value.length < 2 ? none : value.readInt16BE();
  if (version < 0 || version > 1) throw unknown(`a value of version ${version}`);
  return { transactionalId, transaction: transactionOf(transactionalId, value) };
}

function transactionOf(transactionalId: string, value: Buffer): Transaction {
  const fields = decodeValue(TransactionLogValue, value);
  const state = transactionStateOf(fields.transactionStatus);
  if (state === undefined) throw unknown(`the state ${fields.transactionStatus}`);
  return {
    transactionalId,
    producerId: fields.producerId,
    previousProducerId: fields.previousProducerId,
    nextProducerId: fields.nextProducerId,
    producerEpoch: fields.producerEpoch,
    lastProducerEpoch: none,
    timeoutMs: fields.transactionTimeoutMs,
    state,
    partitions: partitionsOf(fields.transactionPartitions),
    startedAt: fields.transactionStartTimestampMs,
    updatedAt: fields.transactionLastUpdateTimestampMs,
    clientVersion: versionOf(fields.clientTransactionVersion),
  };
}

function partitionsOf(
  topics: readonly { readonly topic: string; readonly partitionIds: readonly number[] }[] | null,
): PartitionSet {
  if (topics === null) return noPartitions;
  return new Map(topics.map(({ topic, partitionIds }) => [topic, new Set(partitionIds)]));
}

function versionOf(level: number): TransactionVersion {
  if (level >= 2) return 2;
  return level === 1 ? 1 : 0;
}

function unknown(what: string): DecodeError {
  return new DecodeError("INVALID_VALUE", `a record of __transaction_state has ${what}`, 0);
}
