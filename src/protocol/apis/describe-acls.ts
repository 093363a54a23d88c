import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import { array, int8, int16, int32, nullableString, string } from "../wire-type.ts";

/** Lists the access control entries that match a filter (KIP-140, prefixed patterns: KIP-290). */
export const DescribeAcls = api({
  key: 29,
  name: "DescribeAcls",
  versions: [1, 3],
  flexible: 2,
  request: {
    resourceTypeFilter: int8,
    resourceNameFilter: nullableString,
    patternTypeFilter: defaulted(int8, 3),
    principalFilter: nullableString,
    hostFilter: nullableString,
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        patternType: defaulted(int8, 3),
        acls: array(
          struct({
            principal: string,
            host: string,
            operation: int8,
            permissionType: int8,
          }),
        ),
      }),
    ),
  },
});
