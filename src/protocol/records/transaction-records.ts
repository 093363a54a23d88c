import { message } from "../api.ts";
import { struct, tagged } from "../schema.ts";
import { array, int8, int16, int32, int64, nullableArray, string } from "../wire-type.ts";

/** The int16 that keys of `__transaction_state` begin with. */
export const transactionRecordKind = 0;

/** The key of a transactional id's state, after the int16 of its kind. */
export const TransactionLogKey = message(
  { name: "TransactionLogKey", versions: [0, 0], isFlexible: () => false },
  struct({ transactionalId: string }),
);

/**
 * The state of a transactional id, after an int16 with the version: 1 from `transaction.version` 1 on,
 * else 0, which has no tagged fields and loses what they say.
 */
export const TransactionLogValue = message(
  { name: "TransactionLogValue", versions: [0, 1], isFlexible: (version) => version >= 1 },
  struct({
    producerId: int64,
    previousProducerId: tagged(0, 1, int64, -1, "ignorable"),
    nextProducerId: tagged(1, 1, int64, -1, "ignorable"),
    producerEpoch: int16,
    /** For two-phase commits (KIP-939), which Kafka 4.3 does not write yet. */
    nextProducerEpoch: tagged(3, 1, int16, -1, "ignorable"),
    transactionTimeoutMs: int32,
    /** `TransactionState`'s number. */
    transactionStatus: int8,
    /** Null while the transactional id has had no transaction yet. */
    transactionPartitions: nullableArray(struct({ topic: string, partitionIds: array(int32) })),
    transactionLastUpdateTimestampMs: int64,
    /** −1 where none is open. */
    transactionStartTimestampMs: int64,
    /** The `transaction.version` that the producer speaks. */
    clientTransactionVersion: tagged(2, 1, int16, 0, "ignorable"),
  }),
);
