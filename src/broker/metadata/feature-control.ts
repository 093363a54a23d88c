import { BrokerError } from "../../errors.ts";
import type { MetadataRecordIn } from "../../protocol/index.ts";
import { metadataVersionFor, supportedFeatures } from "./supported-features.ts";

/** How a feature's level is to change: `FeatureUpdate.UpgradeType`, by its code on the wire. */
export interface FeatureUpdate {
  readonly feature: string;
  readonly level: number;
  /** 1 upgrade, 2 safe downgrade, 3 unsafe downgrade. */
  readonly upgradeType: number;
}

const upgrade = 1;
const unsafeDowngrade = 3;

/**
 * Decides on new levels of features as `FeatureControlManager` does: all of them or, with
 * INVALID_UPDATE_VERSION, none. `kraft.version` stays at 0, which Raft's own log would have to change.
 */
export function decideFeatures(
  updates: readonly FeatureUpdate[],
  present: ReadonlyMap<string, number>,
): MetadataRecordIn[] {
  const proposed = new Map(present);
  for (const { feature, level } of updates) proposed.set(feature, level);
  return updates.flatMap((update) => {
    check(update, present.get(update.feature) ?? 0, proposed);
    const { feature: name, level: featureLevel } = update;
    if (name === "kraft.version") return [];
    return [{ name: "FeatureLevelRecord", value: { name, featureLevel } } as const];
  });
}

function check(
  { feature, level, upgradeType }: FeatureUpdate,
  present: number,
  proposed: ReadonlyMap<string, number>,
): void {
  const fail = (why: string) => {
    const message = `Invalid update version ${level} for feature ${feature}. ${why}`;
    return new BrokerError("INVALID_UPDATE_VERSION", message);
  };
  if (upgradeType < upgrade || upgradeType > unsafeDowngrade) {
    throw fail("The controller does not support the given upgrade type.");
  }
  if (level < 0) throw fail("A feature version cannot be less than 0.");
  const range = supportedFeatures.get(feature);
  if (range === undefined) throw fail("The controller does not support this feature.");
  if (level < range[0] || level > range[1]) {
    throw fail(`The controller only supports versions ${range[0]}-${range[1]}`);
  }
  if (level < present && upgradeType === upgrade) {
    throw fail(
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    );
  }
  if (level > present && upgradeType !== upgrade) throw fail("Can't downgrade to a newer version.");
  if (feature === "kraft.version" && level !== present) {
    throw fail("A quorum of one broker in this process has no voters that could be changed.");
  }
  if (feature === "metadata.version" && level < present)
    throw metadataDowngrade(present, level, upgradeType);
  const needed = metadataVersionFor(feature, level);
  if ((proposed.get("metadata.version") ?? 0) < needed) {
    throw fail(`It depends on metadata.version level ${needed}`);
  }
}

/** 4.3-IV0 changed the metadata, so there is no way back from it to any level that is supported. */
function metadataDowngrade(from: number, to: number, upgradeType: number): BrokerError {
  const why =
    upgradeType === unsafeDowngrade
      ? "Unsafe metadata downgrade is not supported in this version."
      : "Refusing to perform the requested downgrade because it might delete metadata information.";
  const message = `Unsupported metadata.version downgrade from ${from} to ${to}. ${why}`;
  return new BrokerError("INVALID_UPDATE_VERSION", message);
}
