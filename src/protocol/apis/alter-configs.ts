import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, boolean, int8, int16, int32, nullableString, string } from "../wire-type.ts";

/**
 * Replaces all of a resource's configuration, which resets what is not mentioned (KIP-133). Its
 * successor is `IncrementalAlterConfigs`.
 */
export const AlterConfigs = api({
  key: 33,
  name: "AlterConfigs",
  versions: [0, 2],
  flexible: 2,
  request: {
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configs: array(struct({ name: string, value: nullableString })),
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
