import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import {
  array,
  boolean,
  bytes,
  int8,
  int16,
  int32,
  int64,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";

const acknowledgementBatch = struct({
  firstOffset: int64,
  lastOffset: int64,
  acknowledgeTypes: array(int8),
});

const acquiredRecords = struct({
  firstOffset: int64,
  lastOffset: int64,
  deliveryCount: int16,
});

const responsePartition = struct({
  partitionIndex: int32,
  errorCode: int16,
  errorMessage: defaulted(nullableString, null),
  acknowledgeErrorCode: int16,
  acknowledgeErrorMessage: defaulted(nullableString, null),
  currentLeader: struct({ leaderId: int32, leaderEpoch: int32 }),
  records: bytes,
  acquiredRecords: array(acquiredRecords),
});

/**
 * A member of a share group acquires records and acknowledges earlier ones (KIP-932). Version 2
 * lets it set a strict limit (KIP-1206) and prolong a lock (KIP-1222).
 */
export const ShareFetch = api({
  key: 78,
  name: "ShareFetch",
  versions: [1, 2],
  flexible: 0,
  request: {
    groupId: defaulted(nullableString, null),
    memberId: nullableString,
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: defaulted(int32, 0x7fffffff),
    maxRecords: int32,
    batchSize: int32,
    shareAcquireMode: since(2, int8, 0, "ignorable"),
    isRenewAck: since(2, boolean, false),
    topics: array(
      struct({
        topicId: uuid,
        partitions: array(
          struct({
            partitionIndex: int32,
            acknowledgementBatches: array(acknowledgementBatch),
          }),
        ),
      }),
    ),
    forgottenTopicsData: array(struct({ topicId: uuid, partitions: array(int32) })),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: defaulted(nullableString, null),
    acquisitionLockTimeoutMs: int32,
    responses: array(struct({ topicId: uuid, partitions: array(responsePartition) })),
    nodeEndpoints: array(
      struct({
        nodeId: int32,
        host: string,
        port: int32,
        rack: defaulted(nullableString, null),
      }),
    ),
  },
});
