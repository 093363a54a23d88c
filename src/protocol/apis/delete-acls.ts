import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import { array, int8, int16, int32, nullableString, string } from "../wire-type.ts";

const matchingAcl = struct({
  errorCode: int16,
  errorMessage: nullableString,
  resourceType: int8,
  resourceName: string,
  patternType: defaulted(int8, 3),
  principal: string,
  host: string,
  operation: int8,
  permissionType: int8,
});

/** Deletes the access control entries that match filters, and tells which these were (KIP-140). */
export const DeleteAcls = api({
  key: 31,
  name: "DeleteAcls",
  versions: [1, 3],
  flexible: 2,
  request: {
    filters: array(
      struct({
        resourceTypeFilter: int8,
        resourceNameFilter: nullableString,
        patternTypeFilter: defaulted(int8, 3),
        principalFilter: nullableString,
        hostFilter: nullableString,
        operation: int8,
        permissionType: int8,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    filterResults: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        matchingAcls: array(matchingAcl),
      }),
    ),
  },
});
