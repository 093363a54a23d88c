import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, boolean, int8, int16, int32, int64, string } from "../wire-type.ts";

/**
 * The transaction's coordinator has partitions mark the end of a transaction (KIP-98); a tool may
 * do the same to end one that hangs (KIP-664).
 */
export const WriteTxnMarkers = api({
  key: 27,
  name: "WriteTxnMarkers",
  versions: [1, 2],
  flexible: 1,
  request: {
    markers: array(
      struct({
        producerId: int64,
        producerEpoch: int16,
        transactionResult: boolean,
        topics: array(struct({ name: string, partitionIndexes: array(int32) })),
        coordinatorEpoch: int32,
        transactionVersion: since(2, int8, 0, "ignorable"),
      }),
    ),
  },
  response: {
    markers: array(
      struct({
        producerId: int64,
        topics: array(
          struct({
            name: string,
            partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
          }),
        ),
      }),
    ),
  },
});
