import { api } from "../api.ts";
import { between, defaulted, since, struct } from "../schema.ts";
import { array, int16, int32, nullableString, string } from "../wire-type.ts";

/**
 * Members leave a classic group, so that its partitions are handed out anew without waiting for a
 * session to end: one member up to version 2, several from version 3 on (KIP-345).
 */
export const LeaveGroup = api({
  key: 13,
  name: "LeaveGroup",
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    memberId: between(0, 2, string, ""),
    members: since(
      3,
      array(
        struct({
          memberId: string,
          groupInstanceId: defaulted(nullableString, null),
          reason: since(5, nullableString, null, "ignorable"),
        }),
      ),
      [],
    ),
  },
  response: {
    throttleTimeMs: since(1, int32, 0, "ignorable"),
    errorCode: int16,
    members: since(
      3,
      array(
        struct({
          memberId: string,
          groupInstanceId: nullableString,
          errorCode: int16,
        }),
      ),
      [],
    ),
  },
});
