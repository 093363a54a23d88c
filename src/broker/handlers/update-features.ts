import { BrokerError } from "../../errors.ts";
import { UpdateFeatures } from "../../protocol/index.ts";
import { handler } from "./handler.ts";
import { outcomeOf } from "./outcome.ts";

const [upgrade, safeDowngrade] = [1, 2];

/** UpdateFeatures 0 to 2. `kraft.version` stays at 0. */
export const updateFeatures = handler(
  UpdateFeatures,
  ({ featureUpdates, validateOnly }, context, { controller }) => {
    if (!context.isAllowed("ALTER", "CLUSTER", "kafka-cluster")) {
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", "features must not be updated");
    }
    const updates = featureUpdates.map((update) => ({
      feature: update.feature,
      level: update.maxVersionLevel,
      // Version 0 has a flag in place of the kind of change.
      upgradeType: update.allowDowngrade
        ? safeDowngrade
        : context.apiVersion === 0
          ? upgrade
          : update.upgradeType,
    }));
    const outcome = outcomeOf(() => controller.updateFeatures(updates, validateOnly));
    const failed = "The update failed for all features since the following feature had an error: ";
    const isFailed = outcome.errorCode !== 0;
    return {
      throttleTimeMs: 0,
      errorCode: outcome.errorCode,
      errorMessage: isFailed ? `${failed}${outcome.errorMessage}` : null,
      results: isFailed
        ? []
        : featureUpdates.map(({ feature }) => ({ feature, errorCode: 0, errorMessage: null })),
    };
  },
  [0, 2],
  (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null, results: [] }),
);
