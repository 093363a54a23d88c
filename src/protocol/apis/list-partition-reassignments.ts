import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import { array, int16, int32, nullableArray, nullableString, string } from "../wire-type.ts";

/** Lists the partitions that are being moved to other replicas (KIP-455). */
export const ListPartitionReassignments = api({
  key: 46,
  name: "ListPartitionReassignments",
  versions: [0, 0],
  flexible: 0,
  request: {
    timeoutMs: defaulted(int32, 60000),
    topics: defaulted(
      nullableArray(struct({ name: string, partitionIndexes: array(int32) })),
      null,
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            replicas: array(int32),
            addingReplicas: array(int32),
            removingReplicas: array(int32),
          }),
        ),
      }),
    ),
  },
});
