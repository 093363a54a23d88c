import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Artifacts, resolveArtifacts } from "./artifacts.ts";
import { prepareClassArchive } from "./class-archive.ts";
import { clusterIdOf, writeClusterFiles } from "./cluster-files.ts";
import {
  type ClusterPlan,
  type ClusterSettings,
  checkSettings,
  planNodes,
} from "./cluster-plan.ts";
import { KafkaCluster } from "./kafka-cluster.ts";
import { reservePorts } from "./ports.ts";

/** What {@link startKafka} takes: the cluster's settings, and where and how long. */
export interface KafkaOptions extends ClusterSettings {
  /** PLAINTEXT port of the first node; 50 ports from there must be free. Default: any free ones. */
  readonly port?: number | undefined;
  /** Where the data lies; it is kept, and used again by a later start. Default: a directory that goes on `close()`. */
  readonly data?: string | undefined;
  /** How long the nodes have to answer, in milliseconds; default 60,000. */
  readonly startTimeoutMs?: number | undefined;
}

/**
 * Starts Apache Kafka 4.3.1 on loopback, and resolves once every node answers on PLAINTEXT and lists
 * all the others. Kafka comes from Maven the first time. The nodes end with this process at the
 * latest, even if it is killed. Throws with the end of a node's log when one does not come up.
 *
 * ```ts
 * await using kafka = await startKafka({ nodes: 3 });
 * const client = new Client({ bootstrapServers: kafka.bootstrapServers });
 * await kafka.kill(2);
 * await kafka.restart(2);
 * ```
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  checkSettings(options);
  const artifacts = await resolveArtifacts();
  if (options.classArchive !== false) {
    await prepareClassArchive(artifacts, (settings) => start(artifacts, settings));
  }
  return start(artifacts, options);
}

async function start(artifacts: Artifacts, options: KafkaOptions): Promise<KafkaCluster> {
  const { port, data, startTimeoutMs = 60_000, ...settings } = options;
  const ports = await reservePorts(port);
  const directory =
    data === undefined ? await mkdtemp(join(tmpdir(), "millrace-kafka-")) : resolve(data);
  const plan: ClusterPlan = {
    clusterId: await clusterIdOf(directory),
    directory,
    temporary: data === undefined,
    settings,
    nodes: planNodes(directory, ports.base, settings),
  };
  const cluster = new KafkaCluster({ artifacts, plan, ports, startTimeoutMs });
  try {
    await writeClusterFiles(plan);
    await cluster.restart();
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}
