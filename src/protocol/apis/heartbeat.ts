import { api } from "../api.ts";
import { since } from "../schema.ts";
import { int16, int32, nullableString, string } from "../wire-type.ts";

/** A member of a classic group tells its coordinator that it is alive, and hears of a rebalance. */
export const Heartbeat = api({
  key: 12,
  name: "Heartbeat",
  versions: [0, 4],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
  },
  response: { throttleTimeMs: since(1, int32, 0, "ignorable"), errorCode: int16 },
});
