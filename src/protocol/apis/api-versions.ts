import { api } from "../api.ts";
import { since, struct, tagged } from "../schema.ts";
import { array, boolean, int16, int32, int64, string } from "../wire-type.ts";

const finalizedFeature = struct({
  name: string,
  maxVersionLevel: int16,
  minVersionLevel: int16,
});

/**
 * A client's first question: which APIs the broker serves, in which versions (KIP-35), and which
 * features are on (KIP-584). An unknown version is answered in version 0 with an error (KIP-511).
 */
export const ApiVersions = api({
  key: 18,
  name: "ApiVersions",
  versions: [0, 4],
  flexible: 3,
  request: {
    clientSoftwareName: since(3, string, "", "ignorable"),
    clientSoftwareVersion: since(3, string, "", "ignorable"),
  },
  response: {
    errorCode: int16,
    apiKeys: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
    throttleTimeMs: since(1, int32, 0, "ignorable"),
    supportedFeatures: tagged(
      0,
      3,
      array(struct({ name: string, minVersion: int16, maxVersion: int16 })),
      [],
      "ignorable",
    ),
    finalizedFeaturesEpoch: tagged(1, 3, int64, -1, "ignorable"),
    finalizedFeatures: tagged(2, 3, array(finalizedFeature), [], "ignorable"),
    zkMigrationReady: tagged(3, 3, boolean, false, "ignorable"),
  },
});
