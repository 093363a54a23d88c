import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import { array, int16, int32, int64, nullableString, string } from "../wire-type.ts";

const activeProducer = struct({
  producerId: int64,
  producerEpoch: int32,
  lastSequence: defaulted(int32, -1),
  lastTimestamp: defaulted(int64, -1),
  coordinatorEpoch: int32,
  currentTxnStartOffset: defaulted(int64, -1),
});

/**
 * Shows the idempotent producers that have written to partitions of late, and their open
 * transactions (KIP-664).
 */
export const DescribeProducers = api({
  key: 61,
  name: "DescribeProducers",
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array(struct({ name: string, partitionIndexes: array(int32) })),
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: defaulted(nullableString, null),
            activeProducers: array(activeProducer),
          }),
        ),
      }),
    ),
  },
});
