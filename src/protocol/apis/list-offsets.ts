import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import { array, int8, int16, int32, int64, string } from "../wire-type.ts";

/**
 * Finds the offset of a partition's start, its end, or the first record at or after a time
 * (KIP-79). Negative timestamps are commands: version 7 knows the greatest timestamp (KIP-734),
 * later ones tiered storage (KIP-405).
 */
export const ListOffsets = api({
  key: 2,
  name: "ListOffsets",
  versions: [1, 11],
  flexible: 6,
  request: {
    replicaId: int32,
    isolationLevel: since(2, int8, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            currentLeaderEpoch: since(4, int32, -1, "ignorable"),
            timestamp: int64,
          }),
        ),
      }),
    ),
    timeoutMs: since(10, int32, 0, "ignorable"),
  },
  response: {
    throttleTimeMs: since(2, int32, 0, "ignorable"),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            timestamp: defaulted(int64, -1),
            offset: defaulted(int64, -1),
            leaderEpoch: since(4, int32, -1),
          }),
        ),
      }),
    ),
  },
});
