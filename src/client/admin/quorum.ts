import { DescribeQuorum, type ResponseOf, zeroUuid } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { throwIfRefused } from "../refusal.ts";
import { type AdminOptions, attempting } from "./operation.ts";

/** A controller or broker that follows the metadata log. */
export interface QuorumReplica {
  readonly id: number;
  /** Undefined where the quorum is a fixed one (KIP-853). */
  readonly directoryId: string | undefined;
  /** How far its copy of the log goes; undefined while the leader does not know. */
  readonly logEndOffset: number | undefined;
  /** When the leader last heard of it, in milliseconds since 1970; undefined if it has not. */
  readonly lastFetchTimestamp: number | undefined;
  /** When it last had all that the leader had. */
  readonly lastCaughtUpTimestamp: number | undefined;
}

/** Where a controller listens. */
export interface QuorumNode {
  readonly id: number;
  readonly listeners: readonly {
    readonly name: string;
    readonly host: string;
    readonly port: number;
  }[];
}

/** The Raft quorum of the controllers, which keeps the cluster's metadata. */
export interface Quorum {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
  /** Empty where the broker does not tell (KIP-853). */
  readonly nodes: readonly QuorumNode[];
}

const metadataTopic = "__cluster_metadata";

/** Asks for the state of the controllers' quorum. */
export function describeQuorum(cluster: Cluster, options: AdminOptions): Promise<Quorum> {
  const attempt = "describing the quorum of the controllers";
  return attempting(cluster, attempt, options, async (request) => {
    const topics = [{ topicName: metadataTopic, partitions: [{ partitionIndex: 0 }] }];
    const answer = await cluster.request("any", DescribeQuorum, { topics }, request);
    throwIfRefused(answer.errorCode, attempt, answer.errorMessage);
    const partition = answer.topics[0]?.partitions[0];
    throwIfRefused(partition?.errorCode ?? -1, attempt, partition?.errorMessage);
    const { leaderId, leaderEpoch, highWatermark, ...replicas } = partition as PartitionAnswer;
    return {
      leader: leaderId,
      leaderEpoch,
      highWatermark,
      voters: replicas.currentVoters.map(quorumReplica),
      observers: replicas.observers.map(quorumReplica),
      nodes: answer.nodes.map(({ nodeId, listeners }) => ({ id: nodeId, listeners })),
    };
  });
}

type PartitionAnswer = ResponseOf<typeof DescribeQuorum>["topics"][number]["partitions"][number];

function quorumReplica(replica: PartitionAnswer["currentVoters"][number]): QuorumReplica {
  const known = (value: number) => (value < 0 ? undefined : value);
  const { replicaDirectoryId } = replica;
  return {
    id: replica.replicaId,
    directoryId: replicaDirectoryId === zeroUuid ? undefined : replicaDirectoryId,
    logEndOffset: known(replica.logEndOffset),
    lastFetchTimestamp: known(replica.lastFetchTimestamp),
    lastCaughtUpTimestamp: known(replica.lastCaughtUpTimestamp),
  };
}
