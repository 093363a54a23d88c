import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import { array, int16, int32, int64, string } from "../wire-type.ts";

/**
 * Finds where a leader epoch ends, so that a consumer notices that its log was truncated (KIP-101,
 * KIP-320).
 */
export const OffsetForLeaderEpoch = api({
  key: 23,
  name: "OffsetForLeaderEpoch",
  versions: [2, 4],
  flexible: 4,
  request: {
    replicaId: since(3, int32, -2, "ignorable"),
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            partition: int32,
            currentLeaderEpoch: defaulted(int32, -1),
            leaderEpoch: int32,
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        topic: string,
        partitions: array(
          struct({
            errorCode: int16,
            partition: int32,
            leaderEpoch: defaulted(int32, -1),
            endOffset: defaulted(int64, -1),
          }),
        ),
      }),
    ),
  },
});
