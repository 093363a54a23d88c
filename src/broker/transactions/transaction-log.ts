import { BrokerError, DecodeError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { RecordBatchBuilder, RecordBatches, RecordCursor } from "../../protocol/index.ts";
import type { CoordinatorRecord } from "../groups/coordinator-record.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import type { Partition } from "../partition.ts";
import type { Transaction } from "./transaction.ts";
import { decodeTransaction } from "./transaction-record.ts";

/** The topic that the states of transactional ids are kept in. */
export const transactionStateTopic = "__transaction_state";

/** How much of the log is read before other work has its turn. */
const loadChunkBytes = 1_048_576;
/** No batch of the log is compressed; other ones could not be larger either. */
const batchLimitBytes = 104_857_600;

/**
 * Appends records as one batch to a partition of `__transaction_state`. Throws the `BrokerError` that
 * clients of a coordinator get: NOT_COORDINATOR where the disk is full or failed, so that they ask again.
 */
export function appendRecords(
  partition: Partition,
  records: readonly CoordinatorRecord[],
  timestamp: number,
): void {
  const builder = new RecordBatchBuilder({ capacity: 512 });
  for (const { key, value } of records) builder.append(timestamp, key, value);
  try {
    partition.append(builder.finish(), "coordinator");
  } catch (error) {
    throw error instanceof BrokerError ? coordinatorError(error) : error;
  }
}

/** `TransactionStateManager`'s translation of what a log answers. */
function coordinatorError(error: BrokerError): BrokerError {
  const { message: cause } = error;
  const message = `the transaction's state could not be written: ${cause}`;
  switch (error.code) {
    case "UNKNOWN_TOPIC_OR_PARTITION":
    case "NOT_ENOUGH_REPLICAS":
      return new BrokerError("COORDINATOR_NOT_AVAILABLE", message, { cause: error });
    case "NOT_LEADER_OR_FOLLOWER":
    case "KAFKA_STORAGE_ERROR":
      return new BrokerError("NOT_COORDINATOR", message, { cause: error });
    case "MESSAGE_TOO_LARGE":
      return new BrokerError("UNKNOWN_SERVER_ERROR", message, { cause: error });
    default:
      return error;
  }
}

/**
 * Replays a partition's log into `transactions`, a part of it with each step. Records without sense are
 * logged and skipped: they may be those of a later Kafka.
 */
export function* loadTransactions(
  log: PartitionLog,
  transactions: Map<string, Transaction>,
  logger: Logger,
): Generator<void> {
  let offset = log.logStartOffset;
  while (offset < log.logEndOffset) {
    const { records } = log.read(offset, {
      maxBytes: loadChunkBytes,
      minOneBatch: true,
      committed: false,
    });
    const next = replay(records, transactions, logger);
    if (next === undefined) return;
    offset = next;
    yield;
  }
}

/** Gives the offset behind the batches; undefined where there were none. */
function replay(
  records: Buffer,
  transactions: Map<string, Transaction>,
  logger: Logger,
): number | undefined {
  const batches = new RecordBatches(records);
  const cursor = new RecordCursor();
  let next: number | undefined;
  for (let batch = batches.next(); batch !== undefined; batch = batches.next()) {
    next = batch.lastOffset + 1;
    if (batch.isControl) continue;
    cursor.open(batch, batchLimitBytes);
    while (cursor.next()) replayRecord(cursor, transactions, logger);
  }
  return next;
}

function replayRecord(
  cursor: RecordCursor,
  transactions: Map<string, Transaction>,
  logger: Logger,
): void {
  try {
    const key = cursor.key() ?? Buffer.alloc(0);
    const { transactionalId, transaction } = decodeTransaction(key, cursor.value());
    if (transaction === undefined) transactions.delete(transactionalId);
    else transactions.set(transactionalId, transaction);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { offset } = cursor;
    logger.warn({ offset, error: error.message }, "a record of __transaction_state was skipped");
  }
}
