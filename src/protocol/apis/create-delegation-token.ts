import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, bytes, int16, int32, int64, nullableString, string } from "../wire-type.ts";

/**
 * Creates a token with which others act on behalf of a user (KIP-48), who may be another user
 * (KIP-373).
 */
export const CreateDelegationToken = api({
  key: 38,
  name: "CreateDelegationToken",
  versions: [1, 3],
  flexible: 2,
  request: {
    ownerPrincipalType: since(3, nullableString, ""),
    ownerPrincipalName: since(3, nullableString, ""),
    renewers: array(struct({ principalType: string, principalName: string })),
    maxLifetimeMs: int64,
  },
  response: {
    errorCode: int16,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: since(3, string, ""),
    tokenRequesterPrincipalName: since(3, string, ""),
    issueTimestampMs: int64,
    expiryTimestampMs: int64,
    maxTimestampMs: int64,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: int32,
  },
});
