import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import {
  array,
  boolean,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
} from "../wire-type.ts";

/**
 * Starts moving partitions to other replicas, or gives up moving them (KIP-455); may be told to
 * leave the number of replicas alone (KIP-860).
 */
export const AlterPartitionReassignments = api({
  key: 45,
  name: "AlterPartitionReassignments",
  versions: [0, 1],
  flexible: 0,
  request: {
    timeoutMs: defaulted(int32, 60000),
    allowReplicationFactorChange: since(1, boolean, true),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            replicas: defaulted(nullableArray(int32), null),
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    allowReplicationFactorChange: since(1, boolean, true, "ignorable"),
    errorCode: int16,
    errorMessage: nullableString,
    responses: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: nullableString,
          }),
        ),
      }),
    ),
  },
});
