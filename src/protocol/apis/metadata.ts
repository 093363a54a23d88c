import { api } from "../api.ts";
import { zeroUuid } from "../bytes.ts";
import { between, since, struct } from "../schema.ts";
import {
  array,
  boolean,
  int16,
  int32,
  nullableArray,
  nullableString,
  nullableStringSince,
  string,
  uuid,
} from "../wire-type.ts";
import { operationsNotAsked } from "./authorized-operations.ts";

const partition = struct({
  errorCode: int16,
  partitionIndex: int32,
  leaderId: int32,
  leaderEpoch: since(7, int32, -1, "ignorable"),
  replicaNodes: array(int32),
  isrNodes: array(int32),
  offlineReplicas: since(5, array(int32), [], "ignorable"),
});

/**
 * Tells any client which brokers there are and who leads which partition, and creates missing
 * topics where that is allowed. No topics are asked for by an empty list, all of them by null (in
 * version 0: by an empty list).
 */
export const Metadata = api({
  key: 3,
  name: "Metadata",
  versions: [0, 13],
  flexible: 9,
  request: {
    topics: nullableArray(
      struct({
        topicId: since(10, uuid, zeroUuid, "ignorable"),
        name: nullableStringSince(10),
      }),
      1,
    ),
    allowAutoTopicCreation: since(4, boolean, true),
    includeClusterAuthorizedOperations: between(8, 10, boolean, false),
    includeTopicAuthorizedOperations: since(8, boolean, false),
  },
  response: {
    throttleTimeMs: since(3, int32, 0, "ignorable"),
    brokers: array(
      struct({
        nodeId: int32,
        host: string,
        port: int32,
        rack: since(1, nullableString, null, "ignorable"),
      }),
    ),
    clusterId: since(2, nullableString, null, "ignorable"),
    controllerId: since(1, int32, -1, "ignorable"),
    topics: array(
      struct({
        errorCode: int16,
        name: nullableStringSince(12),
        topicId: since(10, uuid, zeroUuid, "ignorable"),
        isInternal: since(1, boolean, false, "ignorable"),
        partitions: array(partition),
        topicAuthorizedOperations: since(8, int32, operationsNotAsked),
      }),
    ),
    clusterAuthorizedOperations: between(8, 10, int32, operationsNotAsked),
    errorCode: since(13, int16, 0, "ignorable"),
  },
});
