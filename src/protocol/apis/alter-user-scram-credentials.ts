import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, bytes, int8, int16, int32, nullableString, string } from "../wire-type.ts";

/** Sets or removes users' SCRAM credentials, which travel salted and hashed (KIP-554). */
export const AlterUserScramCredentials = api({
  key: 51,
  name: "AlterUserScramCredentials",
  versions: [0, 0],
  flexible: 0,
  request: {
    deletions: array(struct({ name: string, mechanism: int8 })),
    upsertions: array(
      struct({
        name: string,
        mechanism: int8,
        iterations: int32,
        salt: bytes,
        saltedPassword: bytes,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    results: array(
      struct({
        user: string,
        errorCode: int16,
        errorMessage: nullableString,
      }),
    ),
  },
});
