import { api } from "../api.ts";
import { bytes, int16, int32, int64 } from "../wire-type.ts";

/** Changes when a delegation token expires; a negative period ends it at once (KIP-48). */
export const ExpireDelegationToken = api({
  key: 40,
  name: "ExpireDelegationToken",
  versions: [1, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    expiryTimePeriodMs: int64,
  },
  response: {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32,
  },
});
