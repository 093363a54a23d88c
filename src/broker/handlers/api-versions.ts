import { brokerErrorNumber } from "../../broker-error-code.ts";
import { ApiVersions } from "../../protocol/index.ts";
import { supportedFeatures } from "../metadata/supported-features.ts";
import { isProperSoftware } from "../server/client-software.ts";
import { handler } from "./handler.ts";

/** Features of the metadata that nothing comes of here, as no API for them is served: share groups. */
const unservedFeatures = new Set(["share.version"]);

/**
 * ApiVersions 0 to 4: tells of the APIs that have a handler, and of the features. The answer to a
 * version that is not known (KIP-511) is the connection's affair, as no body can be read then. Departs
 * from Kafka: says nothing of features that are not served.
 */
export const apiVersions = handler(ApiVersions, (request, { apiVersion }, services) => {
  const { clientSoftwareName: name, clientSoftwareVersion: version } = request;
  if (apiVersion >= 3 && !isProperSoftware({ name, version })) {
    return { errorCode: brokerErrorNumber("INVALID_REQUEST"), apiKeys: [] };
  }
  const { controller, servedApis } = services;
  const { features } = controller.image;
  // Old clients cannot read a range that begins with 0, so they are not told of it (KAFKA-17492).
  const supported = [...supportedFeatures]
    .filter(([feature, [min]]) => isServed(feature) && (apiVersion >= 4 || min > 0))
    .map(([feature, [minVersion, maxVersion]]) => ({ name: feature, minVersion, maxVersion }));
  const finalized = [...features]
    .filter(([feature, level]) => isServed(feature) && level > 0)
    .map(([feature, level]) => ({
      name: feature,
      minVersionLevel: level,
      maxVersionLevel: level,
    }));
  return {
    errorCode: 0,
    apiKeys: servedApis,
    supportedFeatures: supported,
    finalizedFeaturesEpoch: controller.lastAppliedOffset,
    finalizedFeatures: finalized,
  };
});

function isServed(feature: string): boolean {
  return !unservedFeatures.has(feature);
}
