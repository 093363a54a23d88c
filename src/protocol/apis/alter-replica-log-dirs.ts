import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, int16, int32, string } from "../wire-type.ts";

/** Moves replicas of partitions to other directories of the same broker (KIP-113). */
export const AlterReplicaLogDirs = api({
  key: 34,
  name: "AlterReplicaLogDirs",
  versions: [1, 2],
  flexible: 2,
  request: {
    dirs: array(
      struct({
        path: string,
        topics: array(struct({ name: string, partitions: array(int32) })),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    results: array(
      struct({
        topicName: string,
        partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
      }),
    ),
  },
});
