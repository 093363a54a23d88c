import { message } from "../api.ts";
import { struct } from "../schema.ts";
import { array, int16, int32, int64, uint32 } from "../wire-type.ts";

/**
 * What a `.snapshot` file beside a partition's segments holds: the idempotent producers as they were
 * at the offset in the file's name (Kafka's `ProducerSnapshot`). An int16 with the version precedes
 * it; `crc` is the CRC-32C of what comes after itself.
 */
export const ProducerSnapshot = message(
  { name: "ProducerSnapshot", versions: [1, 1], isFlexible: () => false },
  struct({
    crc: uint32,
    producerEntries: array(
      struct({
        producerId: int64,
        epoch: int16,
        lastSequence: int32,
        lastOffset: int64,
        /** How far the first and the last offset of the last batch are apart. */
        offsetDelta: int32,
        timestamp: int64,
        coordinatorEpoch: int32,
        /** −1 where no transaction is open. */
        currentTxnFirstOffset: int64,
      }),
    ),
  }),
);
