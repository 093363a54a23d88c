import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, bytes, int16, int32, int64, nullableArray, string } from "../wire-type.ts";

const owner = struct({ principalType: string, principalName: string });

/** Lists the delegation tokens of some owners, or all that the caller may see (KIP-48). */
export const DescribeDelegationToken = api({
  key: 41,
  name: "DescribeDelegationToken",
  versions: [1, 3],
  flexible: 2,
  request: {
    owners: nullableArray(owner),
  },
  response: {
    errorCode: int16,
    tokens: array(
      struct({
        principalType: string,
        principalName: string,
        tokenRequesterPrincipalType: since(3, string, ""),
        tokenRequesterPrincipalName: since(3, string, ""),
        issueTimestamp: int64,
        expiryTimestamp: int64,
        maxTimestamp: int64,
        tokenId: string,
        hmac: bytes,
        renewers: array(owner),
      }),
    ),
    throttleTimeMs: int32,
  },
});
