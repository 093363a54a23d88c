import { ApiVersions, DescribeCluster, Metadata } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { softwareName, softwareVersion } from "../handshake.ts";
import type { BrokerAddress } from "../metadata.ts";
import { throwIfRefused } from "../refusal.ts";
import { type AuthorizedOperation, authorizedOperations } from "./authorized-operations.ts";
import { describeLogDirs, type LogDir } from "./log-dirs.ts";
import { type AdminOptions, type AdminRequest, attempting, isUnsupported } from "./operation.ts";
import { type Outcomes, oneOrMany } from "./outcome.ts";
import { describeQuorum, type Quorum } from "./quorum.ts";

/** How the cluster is described. */
export interface DescribeClusterOptions extends AdminOptions {
  /** Whether to tell what the user may do with the cluster (KIP-430). */
  readonly includeAuthorizedOperations?: boolean | undefined;
  /** Whether to list brokers too that are registered and take no part at present (KIP-1073). */
  readonly includeFencedBrokers?: boolean | undefined;
}

/** A broker as the cluster describes it to an administrator. */
export interface BrokerDescription extends BrokerAddress {
  /** Whether it is registered and takes no part at present. */
  readonly isFenced: boolean;
}

/** The cluster as a whole. */
export interface ClusterDescription {
  readonly clusterId: string;
  /** The broker that takes administrative requests: any one of them under KRaft. Undefined if there is none. */
  readonly controller: number | undefined;
  /** By their ids. */
  readonly brokers: readonly BrokerDescription[];
  /** What the user may do with the cluster; undefined unless it was asked for. */
  readonly authorizedOperations: readonly AuthorizedOperation[] | undefined;
}

/** A range of levels, both ends included. */
export interface FeatureLevels {
  readonly min: number;
  readonly max: number;
}

/** A feature whose level the whole cluster agrees on (KIP-584), such as `transaction.version`. */
export interface Feature {
  readonly name: string;
  /** What the broker that was asked could do; undefined where it does not tell. */
  readonly supported: FeatureLevels | undefined;
  /** What the cluster has switched on; undefined if nothing. */
  readonly finalized: FeatureLevels | undefined;
}

/** Shows the cluster: brokers, features, the controllers' quorum, and where the brokers keep their data. */
export class ClusterOverview {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Describes the cluster: its id, its brokers, its controller (KIP-700). */
  describe(options: DescribeClusterOptions = {}): Promise<ClusterDescription> {
    return attempting(this.#cluster, "describing the cluster", options, async (request) => {
      try {
        return await this.#describe(options, request);
      } catch (error) {
        if (!isUnsupported(error) || options.includeFencedBrokers) throw error;
        return this.#describeByMetadata(options, request);
      }
    });
  }

  /** Tells which features the cluster has switched on, and which levels a broker supports (KIP-584). */
  features(options: AdminOptions = {}): Promise<Feature[]> {
    return attempting(this.#cluster, "describing the features", options, async (request) => {
      const body = { clientSoftwareName: softwareName, clientSoftwareVersion: softwareVersion };
      const answer = await this.#cluster.request("any", ApiVersions, body, request);
      throwIfRefused(answer.errorCode, "describing the features");
      const supported = new Map(answer.supportedFeatures.map((one) => [one.name, one]));
      const finalized = new Map(answer.finalizedFeatures.map((one) => [one.name, one]));
      const names = [...new Set([...supported.keys(), ...finalized.keys()])].sort();
      return names.map((name) => {
        const could = supported.get(name);
        const does = finalized.get(name);
        return {
          name,
          supported: could && { min: could.minVersion, max: could.maxVersion },
          finalized: does && { min: does.minVersionLevel, max: does.maxVersionLevel },
        };
      });
    });
  }

  /** Describes the quorum of the controllers: who leads, and how far each has come (KIP-595, KIP-836). */
  quorum(options: AdminOptions = {}): Promise<Quorum> {
    return describeQuorum(this.#cluster, options);
  }

  /** Describes brokers' directories and what lies in them; outcomes are found under the brokers' ids. */
  logDirs(broker: number, options?: AdminOptions): Promise<LogDir[]>;
  logDirs(brokers: readonly number[], options?: AdminOptions): Promise<Outcomes<LogDir[]>>;
  logDirs(asked: number | readonly number[], options: AdminOptions = {}) {
    return oneOrMany(asked, (brokers) => describeLogDirs(this.#cluster, brokers, options));
  }

  async #describe(
    { includeAuthorizedOperations = false, includeFencedBrokers = false }: DescribeClusterOptions,
    request: AdminRequest,
  ): Promise<ClusterDescription> {
    const body = {
      includeClusterAuthorizedOperations: includeAuthorizedOperations,
      includeFencedBrokers,
    };
    const answer = await this.#cluster.request("any", DescribeCluster, body, request);
    throwIfRefused(answer.errorCode, "describing the cluster", answer.errorMessage);
    const brokers = answer.brokers.map(({ brokerId: id, host, port, rack, isFenced }) => ({
      id,
      host,
      port,
      rack,
      isFenced,
    }));
    return {
      clusterId: answer.clusterId,
      controller: answer.controllerId < 0 ? undefined : answer.controllerId,
      brokers: brokers.sort(byId),
      authorizedOperations: authorizedOperations(answer.clusterAuthorizedOperations),
    };
  }

  /** For brokers before 2.8, which know no DescribeCluster. */
  async #describeByMetadata(
    { includeAuthorizedOperations = false }: DescribeClusterOptions,
    request: AdminRequest,
  ): Promise<ClusterDescription> {
    const body = {
      topics: [],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: includeAuthorizedOperations,
    };
    const answer = await this.#cluster.request("any", Metadata, body, request);
    const brokers = answer.brokers.map(({ nodeId: id, host, port, rack }) => ({
      id,
      host,
      port,
      rack,
      isFenced: false,
    }));
    return {
      clusterId: answer.clusterId ?? "",
      controller: answer.controllerId < 0 ? undefined : answer.controllerId,
      brokers: brokers.sort(byId),
      authorizedOperations: authorizedOperations(answer.clusterAuthorizedOperations),
    };
  }
}

function byId(left: BrokerAddress, right: BrokerAddress): number {
  return left.id - right.id;
}
