import type { MetadataRecordIn } from "../../protocol/index.ts";
import { configRecord } from "./configs-image.ts";
import { type EffectiveConfigs, resourceType } from "./effective-configs.ts";
import type { MetadataImage } from "./metadata-image.ts";
import type { BrokerRegistration } from "./nodes-image.ts";
import { firstFeatureLevels, supportedFeatures } from "./supported-features.ts";
import type { PartitionState } from "./topics-image.ts";

/** One listener of this broker, where clients are to reach it. */
export interface BrokerEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
}

/** `SecurityProtocol`'s ids. */
const protocolIds = { PLAINTEXT: 0, SSL: 1, SASL_PLAINTEXT: 2, SASL_SSL: 3 } as const;

/** The records that the metadata of a new cluster begins with, as Kafka's first controller writes them. */
export function firstRecords(configs: EffectiveConfigs): MetadataRecordIn[] {
  const resource = { type: resourceType.broker, name: "" };
  const minInsyncReplicas = configs.broker("min.insync.replicas") ?? "1";
  return [
    ...Array.from(firstFeatureLevels, ([name, featureLevel]): MetadataRecordIn => {
      return { name: "FeatureLevelRecord", value: { name, featureLevel } };
    }),
    // Eligible leader replicas (KIP-966) need one value that holds for all brokers.
    configRecord(resource, "min.insync.replicas", minInsyncReplicas),
  ];
}

/**
 * The records that make this node lead every partition: those that nobody leads, or that had replicas
 * elsewhere in the meantime, and after an unclean stop all of them, so that a client can tell that
 * records which were not yet safe may be gone (KIP-320).
 */
export function takeOver(
  image: MetadataImage,
  node: { readonly nodeId: number; readonly directoryId: string; readonly isUnclean: boolean },
): MetadataRecordIn[] {
  const { nodeId, directoryId } = node;
  const records: MetadataRecordIn[] = [];
  for (const topic of image.topics.values()) {
    for (const [partitionId, state] of topic.partitions.entries()) {
      if (!node.isUnclean && isOurs(state, node)) continue;
      const value = {
        partitionId,
        topicId: topic.id,
        leader: nodeId,
        isr: [nodeId],
        replicas: [nodeId],
        addingReplicas: [],
        removingReplicas: [],
        leaderRecoveryState: 0,
        directories: [directoryId],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
      };
      records.push({ name: "PartitionChangeRecord", value });
    }
  }
  return records;
}

/** The records that register this broker and let it in at once. */
export function brokerRegistration({
  nodeId: brokerId,
  directoryId,
  incarnationId,
  brokerEpoch,
  rack,
  endpoints,
}: {
  readonly nodeId: number;
  readonly directoryId: string;
  readonly incarnationId: string;
  /** The offset of the first of the records. */
  readonly brokerEpoch: number;
  readonly rack: string | null;
  readonly endpoints: readonly BrokerEndpoint[];
}): MetadataRecordIn[] {
  const endPoints = endpoints.map(({ name, host, port, protocol }) => {
    return { name, host, port, securityProtocol: protocolIds[protocol] };
  });
  const features = Array.from(supportedFeatures, ([name, [min, max]]) => {
    return { name, minSupportedVersion: min, maxSupportedVersion: max };
  });
  const logDirs = [directoryId];
  const registration = { brokerId, incarnationId, brokerEpoch, endPoints, features, rack, logDirs };
  const unfenced = { brokerId, brokerEpoch, fenced: -1, cordonedLogDirs: [] };
  return [
    { name: "RegisterBrokerRecord", value: { ...registration, fenced: true } },
    { name: "BrokerRegistrationChangeRecord", value: unfenced },
  ];
}

/** The record that says that this broker has gone, so that it can come back at once, as Kafka too. */
export function brokerFenced({ brokerId, brokerEpoch }: BrokerRegistration): MetadataRecordIn[] {
  const value = { brokerId, brokerEpoch, fenced: 1 };
  return [{ name: "BrokerRegistrationChangeRecord", value }];
}

function isOurs(
  { leader, replicas, isr, directoryId }: PartitionState,
  node: { readonly nodeId: number; readonly directoryId: string },
): boolean {
  const isOnlyThis = (ids: readonly number[]) => ids.length === 1 && ids[0] === node.nodeId;
  const isLed = leader === node.nodeId && isOnlyThis(replicas) && isOnlyThis(isr);
  return isLed && directoryId === node.directoryId;
}
