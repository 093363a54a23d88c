import type { ClusterSettings, TlsFiles } from "../tools/kafka/cluster-plan.ts";
import { startKafka } from "../tools/kafka/kafka.ts";
import type { Listeners } from "../tools/kafka/kafka-cluster.ts";
import { EmbeddedCluster } from "./embedded-cluster.ts";

/** What a suite is run against: a cluster of Apache Kafka, or our broker, which has one node. */
export interface TestCluster {
  readonly bootstrapServers: string;
  readonly listeners: Listeners;
  /** The PEM files for clients; undefined without `tls`. */
  readonly tls: TlsFiles | undefined;
  /** Where the suite may put files of its own. */
  readonly directory: string;
  readonly clusterId: string;
  /** Runs one of Kafka's command-line tools; see {@link withoutTools}. */
  tool(className: string, ...args: string[]): Promise<string>;
  /** Stops a node in order and starts it anew, on its old ports and data. */
  restart(nodeId: number): Promise<void>;
  close(): Promise<void>;
}

/** Whether suites run against our broker (`MILLRACE_BROKER=embedded`), where Node alone is needed. */
export const isEmbedded: boolean = process.env.MILLRACE_BROKER === "embedded";

/**
 * Why a test that needs Kafka's own tools is skipped, or false. They are Java's: beside our broker
 * they run only if asked for, by `MILLRACE_TOOLS=java`.
 */
export const withoutTools: string | false =
  isEmbedded && process.env.MILLRACE_TOOLS !== "java" && "it needs Kafka's own tools, and so Java";

/** Why a test of what only a cluster of several nodes does is skipped, or false. */
export const withoutNodes: string | false = isEmbedded && "our broker is one node";

/** Why a test of share groups is skipped, or false. */
export const withoutShareGroups: string | false = isEmbedded && "our broker has no share groups";

/** Starts what the suite is run against. */
export function startCluster(settings: ClusterSettings = {}): Promise<TestCluster> {
  return isEmbedded ? EmbeddedCluster.start(settings) : startKafka(settings);
}
