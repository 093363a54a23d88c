import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import { array, int8, int16, int32, nullableString, string } from "../wire-type.ts";

/** Creates access control entries (KIP-140, prefixed patterns: KIP-290). */
export const CreateAcls = api({
  key: 30,
  name: "CreateAcls",
  versions: [1, 3],
  flexible: 2,
  request: {
    creations: array(
      struct({
        resourceType: int8,
        resourceName: string,
        resourcePatternType: defaulted(int8, 3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    results: array(struct({ errorCode: int16, errorMessage: nullableString })),
  },
});
