import { api } from "../api.ts";
import { defaulted, nullableStruct, since, struct } from "../schema.ts";
import { array, int16, int32, nullableArray, nullableString, string, uuid } from "../wire-type.ts";

const topicPartition = struct({ topicId: uuid, partitions: array(int32) });

/**
 * A member of the consumer protocol joins, reports, learns its assignment and leaves, all through
 * this one request; a field left null has not changed since the last one (KIP-848).
 */
export const ConsumerGroupHeartbeat = api({
  key: 68,
  name: "ConsumerGroupHeartbeat",
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: defaulted(nullableString, null),
    rackId: defaulted(nullableString, null),
    rebalanceTimeoutMs: defaulted(int32, -1),
    subscribedTopicNames: defaulted(nullableArray(string), null),
    subscribedTopicRegex: since(1, nullableString, null),
    serverAssignor: defaulted(nullableString, null),
    topicPartitions: defaulted(nullableArray(topicPartition), null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: defaulted(nullableString, null),
    memberId: defaulted(nullableString, null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: defaulted(nullableStruct({ topicPartitions: array(topicPartition) }), null),
  },
});
