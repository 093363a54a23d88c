import { api } from "../api.ts";
import { defaulted, nullableStruct, struct } from "../schema.ts";
import {
  array,
  boolean,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";
import { operationsNotAsked } from "./authorized-operations.ts";

const cursor = { topicName: string, partitionIndex: int32 };

const partition = struct({
  errorCode: int16,
  partitionIndex: int32,
  leaderId: int32,
  leaderEpoch: defaulted(int32, -1),
  replicaNodes: array(int32),
  isrNodes: array(int32),
  eligibleLeaderReplicas: defaulted(nullableArray(int32), null),
  lastKnownElr: defaulted(nullableArray(int32), null),
  offlineReplicas: array(int32),
});

/**
 * Describes the partitions of topics page by page: the answer's cursor is where the next page
 * starts (KIP-966).
 */
export const DescribeTopicPartitions = api({
  key: 75,
  name: "DescribeTopicPartitions",
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array(struct({ name: string })),
    responsePartitionLimit: defaulted(int32, 2000),
    cursor: defaulted(nullableStruct(cursor), null),
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        errorCode: int16,
        name: nullableString,
        topicId: uuid,
        isInternal: defaulted(boolean, false),
        partitions: array(partition),
        topicAuthorizedOperations: defaulted(int32, operationsNotAsked),
      }),
    ),
    nextCursor: defaulted(nullableStruct(cursor), null),
  },
});
