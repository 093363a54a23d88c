/** The features of Kafka 4.3.1 and the levels that it supports, the least and the greatest (KIP-584). */
export const supportedFeatures: ReadonlyMap<string, readonly [min: number, max: number]> = new Map([
  ["eligible.leader.replicas.version", [0, 1]],
  ["group.version", [0, 1]],
  ["kraft.version", [0, 1]],
  ["metadata.version", [7, 30]],
  ["share.version", [0, 1]],
  ["streams.version", [0, 1]],
  ["transaction.version", [0, 2]],
]);

/** The levels that Kafka 4.3.1 gives a new cluster (`StorageTool`), in the order in which it writes them. */
export const firstFeatureLevels: ReadonlyMap<string, number> = new Map([
  ["metadata.version", 30],
  ["eligible.leader.replicas.version", 1],
  ["group.version", 1],
  ["share.version", 1],
  ["streams.version", 1],
  ["transaction.version", 2],
]);

/** The level of the metadata that a feature's level needs; those left out need none that we would not have. */
const neededMetadataVersion: Readonly<Record<string, number>> = {
  "eligible.leader.replicas.version 1": 23,
};

/** The level that `metadata.version` must have for a feature to be at a level (KIP-1022). */
export function metadataVersionFor(feature: string, level: number): number {
  return neededMetadataVersion[`${feature} ${level}`] ?? 0;
}
