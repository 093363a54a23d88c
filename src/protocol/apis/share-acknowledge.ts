import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import {
  array,
  boolean,
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

/**
 * A member of a share group accepts, releases or rejects records that it acquired (KIP-932), or
 * from version 2 on prolongs its lock on them (KIP-1222).
 */
export const ShareAcknowledge = api({
  key: 79,
  name: "ShareAcknowledge",
  versions: [1, 2],
  flexible: 0,
  request: {
    groupId: defaulted(nullableString, null),
    memberId: nullableString,
    shareSessionEpoch: int32,
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
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: defaulted(nullableString, null),
    acquisitionLockTimeoutMs: since(2, int32, 0, "ignorable"),
    responses: array(
      struct({
        topicId: uuid,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: defaulted(nullableString, null),
            currentLeader: struct({ leaderId: int32, leaderEpoch: int32 }),
          }),
        ),
      }),
    ),
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
