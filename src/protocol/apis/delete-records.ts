import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, int16, int32, int64, string } from "../wire-type.ts";

/**
 * Deletes the records of partitions that come before an offset; minus one stands for the high
 * watermark (KIP-107).
 */
export const DeleteRecords = api({
  key: 21,
  name: "DeleteRecords",
  versions: [0, 2],
  flexible: 2,
  request: {
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, offset: int64 })),
      }),
    ),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            lowWatermark: int64,
            errorCode: int16,
          }),
        ),
      }),
    ),
  },
});
