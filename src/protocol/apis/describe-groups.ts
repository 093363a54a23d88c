import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, boolean, bytes, int16, int32, nullableString, string } from "../wire-type.ts";
import { operationsNotAsked } from "./authorized-operations.ts";

const member = struct({
  memberId: string,
  groupInstanceId: since(4, nullableString, null, "ignorable"),
  clientId: string,
  clientHost: string,
  memberMetadata: bytes,
  memberAssignment: bytes,
});

/**
 * Describes classic groups and their members for an operator, with what each subscribes to and was
 * assigned.
 */
export const DescribeGroups = api({
  key: 15,
  name: "DescribeGroups",
  versions: [0, 6],
  flexible: 5,
  request: {
    groups: array(string),
    includeAuthorizedOperations: since(3, boolean, false),
  },
  response: {
    throttleTimeMs: since(1, int32, 0, "ignorable"),
    groups: array(
      struct({
        errorCode: int16,
        errorMessage: since(6, nullableString, null),
        groupId: string,
        groupState: string,
        protocolType: string,
        protocolData: string,
        members: array(member),
        authorizedOperations: since(3, int32, operationsNotAsked),
      }),
    ),
  },
});
