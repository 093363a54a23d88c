import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import { array, boolean, int16, int32, nullableString, string, uuid } from "../wire-type.ts";
import { operationsNotAsked } from "./authorized-operations.ts";

const topicPartitions = struct({
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
});

const member = struct({
  memberId: string,
  rackId: defaulted(nullableString, null),
  memberEpoch: int32,
  clientId: string,
  clientHost: string,
  subscribedTopicNames: array(string),
  assignment: struct({ topicPartitions: array(topicPartitions) }),
});

/** Describes share groups, their members and what these are assigned (KIP-932). */
export const ShareGroupDescribe = api({
  key: 77,
  name: "ShareGroupDescribe",
  versions: [1, 1],
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
