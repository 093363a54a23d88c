import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import { array, boolean, int8, int16, int32, nullableString, string, uuid } from "../wire-type.ts";
import { operationsNotAsked } from "./authorized-operations.ts";

const topicPartitions = struct({
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
});

const member = struct({
  memberId: string,
  instanceId: defaulted(nullableString, null),
  rackId: defaulted(nullableString, null),
  memberEpoch: int32,
  clientId: string,
  clientHost: string,
  subscribedTopicNames: array(string),
  subscribedTopicRegex: defaulted(nullableString, null),
  assignment: struct({ topicPartitions: array(topicPartitions) }),
  targetAssignment: struct({ topicPartitions: array(topicPartitions) }),
  memberType: since(1, int8, -1, "ignorable"),
});

/**
 * Describes groups of the consumer protocol, with what each member has and is to have (KIP-848).
 */
export const ConsumerGroupDescribe = api({
  key: 69,
  name: "ConsumerGroupDescribe",
  versions: [0, 1],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: boolean,
  },
  response: {
    throttleTimeMs: int32,
    groups: array(
      struct({
        errorCode: int16,
        errorMessage: defaulted(nullableString, null),
        groupId: string,
        groupState: string,
        groupEpoch: int32,
        assignmentEpoch: int32,
        assignorName: string,
        members: array(member),
        authorizedOperations: defaulted(int32, operationsNotAsked),
      }),
    ),
  },
});
