import { api } from "../api.ts";
import { between, defaulted, since, struct } from "../schema.ts";
import { array, boolean, int8, int16, int32, nullableString, string } from "../wire-type.ts";

/** Sets the levels of the cluster's features, or checks whether it could (KIP-584). */
export const UpdateFeatures = api({
  key: 57,
  name: "UpdateFeatures",
  versions: [0, 2],
  flexible: 0,
  request: {
    timeoutMs: defaulted(int32, 60000),
    featureUpdates: array(
      struct({
        feature: string,
        maxVersionLevel: int16,
        allowDowngrade: between(0, 0, boolean, false),
        upgradeType: since(1, int8, 1),
      }),
    ),
    validateOnly: since(1, boolean, false),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    results: between(
      0,
      1,
      array(
        struct({
          feature: string,
          errorCode: int16,
          errorMessage: nullableString,
        }),
      ),
      [],
      "ignorable",
    ),
  },
});
