import { api } from "../api.ts";
import { zeroUuid } from "../bytes.ts";
import { between, defaulted, since, struct } from "../schema.ts";
import { array, int16, int32, int64, nullableString, string, uuid } from "../wire-type.ts";

/**
 * Stores how far a group has come in each partition, on behalf of a member or of nobody in
 * particular. Members of the consumer protocol give their epoch as the generation (KIP-848).
 */
export const OffsetCommit = api({
  key: 8,
  name: "OffsetCommit",
  versions: [2, 10],
  flexible: 8,
  request: {
    groupId: string,
    generationIdOrMemberEpoch: defaulted(int32, -1),
    memberId: string,
    groupInstanceId: since(7, nullableString, null),
    retentionTimeMs: between(2, 4, int64, -1, "ignorable"),
    topics: array(
      struct({
        name: between(2, 9, string, "", "ignorable"),
        topicId: since(10, uuid, zeroUuid, "ignorable"),
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: since(6, int32, -1, "ignorable"),
            committedMetadata: nullableString,
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: since(3, int32, 0, "ignorable"),
    topics: array(
      struct({
        name: between(2, 9, string, "", "ignorable"),
        topicId: since(10, uuid, zeroUuid, "ignorable"),
        partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
      }),
    ),
  },
});
