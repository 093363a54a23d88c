import { api } from "../api.ts";
import { zeroUuid } from "../bytes.ts";
import { since, struct } from "../schema.ts";
import { array, int16, int32, int64, nullableString, string, uint16, uuid } from "../wire-type.ts";

const replicaState = struct({
  replicaId: int32,
  replicaDirectoryId: since(2, uuid, zeroUuid),
  logEndOffset: int64,
  lastFetchTimestamp: since(1, int64, -1, "ignorable"),
  lastCaughtUpTimestamp: since(1, int64, -1, "ignorable"),
});

const responsePartition = struct({
  partitionIndex: int32,
  errorCode: int16,
  errorMessage: since(2, nullableString, "", "ignorable"),
  leaderId: int32,
  leaderEpoch: int32,
  highWatermark: int64,
  currentVoters: array(replicaState),
  observers: array(replicaState),
});

/**
 * Shows the state of the controllers' Raft quorum (KIP-595), how far each voter and observer is
 * (KIP-836), and where they listen (KIP-853).
 */
export const DescribeQuorum = api({
  key: 55,
  name: "DescribeQuorum",
  versions: [0, 2],
  flexible: 0,
  request: {
    topics: array(
      struct({
        topicName: string,
        partitions: array(struct({ partitionIndex: int32 })),
      }),
    ),
  },
  response: {
    errorCode: int16,
    errorMessage: since(2, nullableString, "", "ignorable"),
    topics: array(struct({ topicName: string, partitions: array(responsePartition) })),
    nodes: since(
      2,
      array(
        struct({
          nodeId: int32,
          listeners: array(struct({ name: string, host: string, port: uint16 })),
        }),
      ),
      [],
    ),
  },
});
