import { api } from "../api.ts";
import { int16, int32, nullableString } from "../wire-type.ts";

/** Removes a broker that is not coming back from the cluster (KIP-631). */
export const UnregisterBroker = api({
  key: 64,
  name: "UnregisterBroker",
  versions: [0, 0],
  flexible: 0,
  request: {
    brokerId: int32,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
  },
});
