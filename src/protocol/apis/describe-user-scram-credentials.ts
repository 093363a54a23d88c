import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, int8, int16, int32, nullableArray, nullableString, string } from "../wire-type.ts";

/**
 * Tells which SCRAM mechanisms users have credentials for, and with how many iterations (KIP-554).
 */
export const DescribeUserScramCredentials = api({
  key: 50,
  name: "DescribeUserScramCredentials",
  versions: [0, 0],
  flexible: 0,
  request: {
    users: nullableArray(struct({ name: string })),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    results: array(
      struct({
        user: string,
        errorCode: int16,
        errorMessage: nullableString,
        credentialInfos: array(struct({ mechanism: int8, iterations: int32 })),
      }),
    ),
  },
});
