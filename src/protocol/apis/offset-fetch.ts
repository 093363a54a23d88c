import { api } from "../api.ts";
import { zeroUuid } from "../bytes.ts";
import { between, defaulted, since, struct } from "../schema.ts";
import {
  array,
  boolean,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";

const groupPartition = struct({
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: defaulted(int32, -1),
  metadata: nullableString,
  errorCode: int16,
});

/**
 * Gives back the offsets that groups have committed: of one group up to version 7, of several from
 * version 8 on (KIP-709). `requireStable` waits for open transactions to end (KIP-447).
 */
export const OffsetFetch = api({
  key: 9,
  name: "OffsetFetch",
  versions: [1, 10],
  flexible: 6,
  request: {
    groupId: between(1, 7, string, ""),
    topics: between(
      1,
      7,
      nullableArray(struct({ name: string, partitionIndexes: array(int32) }), 2),
      [],
    ),
    groups: since(
      8,
      array(
        struct({
          groupId: string,
          memberId: since(9, nullableString, null, "ignorable"),
          memberEpoch: since(9, int32, -1, "ignorable"),
          topics: nullableArray(
            struct({
              name: between(8, 9, string, "", "ignorable"),
              topicId: since(10, uuid, zeroUuid, "ignorable"),
              partitionIndexes: array(int32),
            }),
          ),
        }),
      ),
      [],
    ),
    requireStable: since(7, boolean, false),
  },
  response: {
    throttleTimeMs: since(3, int32, 0, "ignorable"),
    topics: between(
      1,
      7,
      array(
        struct({
          name: string,
          partitions: array(
            struct({
              partitionIndex: int32,
              committedOffset: int64,
              committedLeaderEpoch: since(5, int32, -1, "ignorable"),
              metadata: nullableString,
              errorCode: int16,
            }),
          ),
        }),
      ),
      [],
    ),
    errorCode: between(2, 7, int16, 0, "ignorable"),
    groups: since(
      8,
      array(
        struct({
          groupId: string,
          topics: array(
            struct({
              name: between(8, 9, string, "", "ignorable"),
              topicId: since(10, uuid, zeroUuid, "ignorable"),
              partitions: array(groupPartition),
            }),
          ),
          errorCode: defaulted(int16, 0),
        }),
      ),
      [],
    ),
  },
});
