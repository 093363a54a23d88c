import { api } from "../api.ts";
import { int64Max, zeroUuid } from "../bytes.ts";
import { between, defaulted, since, struct, tagged } from "../schema.ts";
import {
  array,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableBytes,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";

const replicaState = struct({
  replicaId: defaulted(int32, -1),
  replicaEpoch: defaulted(int64, -1),
});

const requestPartition = struct({
  partition: int32,
  currentLeaderEpoch: since(9, int32, -1, "ignorable"),
  fetchOffset: int64,
  lastFetchedEpoch: since(12, int32, -1),
  logStartOffset: since(5, int64, -1, "ignorable"),
  partitionMaxBytes: int32,
  replicaDirectoryId: tagged(0, 17, uuid, zeroUuid, "ignorable"),
  highWatermark: tagged(1, 18, int64, int64Max, "ignorable"),
});

const epochEndOffset = struct({
  epoch: defaulted(int32, -1),
  endOffset: defaulted(int64, -1),
});

const leaderIdAndEpoch = struct({
  leaderId: defaulted(int32, -1),
  leaderEpoch: defaulted(int32, -1),
});

const snapshotId = struct({
  endOffset: defaulted(int64, -1),
  epoch: defaulted(int32, -1),
});

const responsePartition = struct({
  partitionIndex: int32,
  errorCode: int16,
  highWatermark: int64,
  lastStableOffset: defaulted(int64, -1),
  logStartOffset: since(5, int64, -1, "ignorable"),
  divergingEpoch: tagged(0, 12, epochEndOffset, { epoch: -1, endOffset: -1 }),
  currentLeader: tagged(1, 12, leaderIdAndEpoch, { leaderId: -1, leaderEpoch: -1 }),
  snapshotId: tagged(2, 12, snapshotId, { endOffset: -1, epoch: -1 }),
  abortedTransactions: nullableArray(struct({ producerId: int64, firstOffset: int64 })),
  preferredReadReplica: since(11, int32, -1),
  records: nullableBytes,
});

const nodeEndpoint = struct({
  nodeId: int32,
  host: string,
  port: int32,
  rack: defaulted(nullableString, null),
});

/**
 * Reads record batches from partitions, waiting for new ones if asked to; a session spares the
 * broker what has not changed since the last fetch (KIP-227), and topics go by id from version 13
 * on (KIP-516).
 */
export const Fetch = api({
  key: 1,
  name: "Fetch",
  versions: [4, 18],
  flexible: 12,
  request: {
    clusterId: tagged(0, 12, nullableString, null, "ignorable"),
    replicaId: between(4, 14, int32, -1),
    replicaState: tagged(1, 15, replicaState, { replicaId: -1, replicaEpoch: -1 }),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: defaulted(int32, 0x7fffffff),
    isolationLevel: defaulted(int8, 0),
    sessionId: since(7, int32, 0, "ignorable"),
    sessionEpoch: since(7, int32, -1, "ignorable"),
    topics: array(
      struct({
        topic: between(4, 12, string, "", "ignorable"),
        topicId: since(13, uuid, zeroUuid, "ignorable"),
        partitions: array(requestPartition),
      }),
    ),
    forgottenTopicsData: since(
      7,
      array(
        struct({
          topic: between(7, 12, string, "", "ignorable"),
          topicId: since(13, uuid, zeroUuid, "ignorable"),
          partitions: array(int32),
        }),
      ),
      [],
    ),
    rackId: since(11, string, "", "ignorable"),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(7, int16, 0, "ignorable"),
    sessionId: since(7, int32, 0),
    responses: array(
      struct({
        topic: between(4, 12, string, "", "ignorable"),
        topicId: since(13, uuid, zeroUuid, "ignorable"),
        partitions: array(responsePartition),
      }),
    ),
    nodeEndpoints: tagged(0, 16, array(nodeEndpoint), []),
  },
});
