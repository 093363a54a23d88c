import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, int8, int16, int32, string } from "../wire-type.ts";

/**
 * Lists the resources of some types that have a configuration (KIP-1142); version 0 knows
 * subscriptions to client metrics alone (KIP-1000).
 */
export const ListConfigResources = api({
  key: 74,
  name: "ListConfigResources",
  versions: [0, 1],
  flexible: 0,
  request: {
    resourceTypes: since(1, array(int8), []),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    configResources: array(
      struct({
        resourceName: string,
        resourceType: since(1, int8, 16, "ignorable"),
      }),
    ),
  },
});
