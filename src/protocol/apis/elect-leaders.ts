import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import { array, int8, int16, int32, nullableArray, nullableString, string } from "../wire-type.ts";

/**
 * Has partitions elect their preferred replica as leader (KIP-183), or any replica at all
 * (KIP-460).
 */
export const ElectLeaders = api({
  key: 43,
  name: "ElectLeaders",
  versions: [0, 2],
  flexible: 2,
  request: {
    electionType: since(1, int8, 0),
    topicPartitions: nullableArray(struct({ topic: string, partitions: array(int32) })),
    timeoutMs: defaulted(int32, 60000),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(1, int16, 0),
    replicaElectionResults: array(
      struct({
        topic: string,
        partitionResult: array(
          struct({
            partitionId: int32,
            errorCode: int16,
            errorMessage: nullableString,
          }),
        ),
      }),
    ),
  },
});
