import { api } from "../api.ts";
import { struct } from "../schema.ts";
import {
  array,
  boolean,
  float64,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
} from "../wire-type.ts";

/** Shows the quotas of users, client ids and addresses that match a filter (KIP-546). */
export const DescribeClientQuotas = api({
  key: 48,
  name: "DescribeClientQuotas",
  versions: [0, 1],
  flexible: 1,
  request: {
    components: array(
      struct({
        entityType: string,
        matchType: int8,
        match: nullableString,
      }),
    ),
    strict: boolean,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    entries: nullableArray(
      struct({
        entity: array(struct({ entityType: string, entityName: nullableString })),
        values: array(struct({ key: string, value: float64 })),
      }),
    ),
  },
});
