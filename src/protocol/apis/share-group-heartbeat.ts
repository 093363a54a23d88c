import { api } from "../api.ts";
import { defaulted, nullableStruct, struct } from "../schema.ts";
import { array, int16, int32, nullableArray, nullableString, string, uuid } from "../wire-type.ts";

/** A member of a share group joins, reports, learns its assignment and leaves (KIP-932). */
export const ShareGroupHeartbeat = api({
  key: 76,
  name: "ShareGroupHeartbeat",
  versions: [1, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: defaulted(nullableString, null),
    subscribedTopicNames: defaulted(nullableArray(string), null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: defaulted(nullableString, null),
    memberId: defaulted(nullableString, null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: defaulted(
      nullableStruct({
        topicPartitions: array(struct({ topicId: uuid, partitions: array(int32) })),
      }),
      null,
    ),
  },
});
