import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, boolean, float64, int16, int32, nullableString, string } from "../wire-type.ts";

const entity = struct({ entityType: string, entityName: nullableString });

/** Sets or removes quotas of users, client ids and addresses (KIP-546). */
export const AlterClientQuotas = api({
  key: 49,
  name: "AlterClientQuotas",
  versions: [0, 1],
  flexible: 1,
  request: {
    entries: array(
      struct({
        entity: array(entity),
        ops: array(struct({ key: string, value: float64, remove: boolean })),
      }),
    ),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32,
    entries: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        entity: array(entity),
      }),
    ),
  },
});
