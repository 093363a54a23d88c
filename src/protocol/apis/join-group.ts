import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import {
  array,
  boolean,
  bytes,
  int16,
  int32,
  nullableString,
  nullableStringSince,
  string,
} from "../wire-type.ts";

/**
 * A consumer enters a classic group, or re-enters it in a rebalance. The answer makes one member
 * the leader, which alone learns of the others and assigns partitions. Static members keep their
 * place (KIP-345).
 */
export const JoinGroup = api({
  key: 11,
  name: "JoinGroup",
  versions: [0, 9],
  flexible: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, int32, -1, "ignorable"),
    memberId: string,
    groupInstanceId: since(5, nullableString, null),
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
    reason: since(8, nullableString, null, "ignorable"),
  },
  response: {
    throttleTimeMs: since(2, int32, 0, "ignorable"),
    errorCode: int16,
    generationId: defaulted(int32, -1),
    protocolType: since(7, nullableString, null, "ignorable"),
    protocolName: nullableStringSince(7),
    leader: string,
    skipAssignment: since(9, boolean, false),
    memberId: string,
    members: array(
      struct({
        memberId: string,
        groupInstanceId: since(5, nullableString, null, "ignorable"),
        metadata: bytes,
      }),
    ),
  },
});
