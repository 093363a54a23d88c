import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, bytes, int16, int32, nullableString, string } from "../wire-type.ts";

/**
 * The leader of a classic group hands in the assignment of all members, and each member picks up
 * its own.
 */
export const SyncGroup = api({
  key: 14,
  name: "SyncGroup",
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
    protocolType: since(5, nullableString, null, "ignorable"),
    protocolName: since(5, nullableString, null, "ignorable"),
    assignments: array(struct({ memberId: string, assignment: bytes })),
  },
  response: {
    throttleTimeMs: since(1, int32, 0, "ignorable"),
    errorCode: int16,
    protocolType: since(5, nullableString, null, "ignorable"),
    protocolName: since(5, nullableString, null, "ignorable"),
    assignment: bytes,
  },
});
