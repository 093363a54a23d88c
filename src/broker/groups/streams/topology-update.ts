import { BrokerError } from "../../../errors.ts";
import type { ClusterImage } from "../../metadata/cluster-image.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { MetadataHashes } from "../metadata-hash.ts";
import type { ConfiguredTopology } from "./configured-topology.ts";
import { type HeartbeatStatus, status } from "./heartbeat-status.ts";
import type { Member } from "./member.ts";
import { topologyRecord } from "./records.ts";
import type { StreamsGroup } from "./streams-group.ts";
import {
  isSameTopology,
  type RequestTopology,
  type Topology,
  topologyOf,
  topologyValueOf,
} from "./topology.ts";
import { configureTopology } from "./topology-configuration.ts";

/** The group's topology after a heartbeat. */
export interface SettledTopology {
  readonly epoch: number;
  readonly configured: ConfiguredTopology;
  readonly metadataHash: string;
  /** Whether the topics are not what they were when the group's epoch was last bumped. */
  readonly hasNewHash: boolean;
  readonly records: readonly CoordinatorRecord[];
}

/**
 * Takes in the topology of a member that joins, and finds out anew what it amounts to where topics may
 * have changed. Throws INVALID_REQUEST for a topology that is not the group's: Kafka 4.3 does not
 * update topologies yet; and STREAMS_INVALID_TOPOLOGY for one that no topics could fit.
 */
export function settleTopology(
  group: StreamsGroup,
  told: RequestTopology | null,
  scene: {
    readonly image: ClusterImage;
    readonly hashes: MetadataHashes;
    readonly now: number;
  },
): SettledTopology {
  const { topology, records } = groupTopology(group, told);
  const known = group.metadata.metadataHash;
  const { epoch } = topology;
  if (group.topology !== undefined && group.configured !== undefined) {
    if (!group.needsRefresh(scene.now)) {
      const { configured } = group;
      return { epoch, configured, metadataHash: known, hasNewHash: false, records };
    }
  }
  const metadataHash = scene.hashes.of(topology.requiredTopics, scene.image);
  const hasNewHash = metadataHash !== known;
  if (hasNewHash || group.topology === undefined || group.configured === undefined) {
    group.configured = configureTopology(topology, scene.image);
  }
  return { epoch, configured: group.configured, metadataHash, hasNewHash, records };
}

/** Tells a member that it runs an older topology than the group. */
export function staleTopology(group: StreamsGroup, { topologyEpoch }: Member): HeartbeatStatus[] {
  const epoch = group.topology?.epoch;
  if (epoch === undefined || topologyEpoch >= epoch) return [];
  const detail = `The member's topology epoch ${topologyEpoch} is behind the group's topology epoch ${epoch}.`;
  return [status("staleTopology", detail)];
}

function groupTopology(
  group: StreamsGroup,
  told: RequestTopology | null,
): { readonly topology: Topology; readonly records: readonly CoordinatorRecord[] } {
  const known = group.topology;
  if (told === null) {
    if (known !== undefined) return { topology: known, records: [] };
    const message = "The topology is null and the group topology is also null.";
    throw new BrokerError("UNKNOWN_SERVER_ERROR", message);
  }
  const value = topologyValueOf(told);
  const topology = topologyOf(value);
  if (known === undefined) return { topology, records: [topologyRecord(group.id, value)] };
  if (known.epoch <= topology.epoch && !isSameTopology(known, topology)) {
    throw new BrokerError("INVALID_REQUEST", "Topology updates are not supported yet.");
  }
  return { topology: known, records: [] };
}
