import { api } from "../api.ts";
import { bytes, int16, int32, int64 } from "../wire-type.ts";

/** Puts off the expiry of a delegation token (KIP-48). */
export const RenewDelegationToken = api({
  key: 39,
  name: "RenewDelegationToken",
  versions: [1, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    renewPeriodMs: int64,
  },
  response: {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32,
  },
});
