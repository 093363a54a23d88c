import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, boolean, int8, int16, int32, nullableString, string } from "../wire-type.ts";

/**
 * Sets, deletes, appends to or subtracts from single configuration entries, and leaves the others
 * alone (KIP-339).
 */
export const IncrementalAlterConfigs = api({
  key: 44,
  name: "IncrementalAlterConfigs",
  versions: [0, 1],
  flexible: 1,
  request: {
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configs: array(
          struct({
            name: string,
            configOperation: int8,
            value: nullableString,
          }),
        ),
      }),
    ),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32,
    responses: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        resourceType: int8,
        resourceName: string,
      }),
    ),
  },
});
