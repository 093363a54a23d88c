import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory, resolveArtifacts } from "./artifacts.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { KafkaCluster } from "./kafka-cluster.ts";

/** Where the command line notes its cluster, for the commands that come after `start`. */
export const stateFile: string = join(cacheDirectory, "cluster.json");

interface State {
  readonly plan: ClusterPlan;
  readonly pids: Readonly<Record<number, number>>;
}

/** Notes the cluster's plan and the pids of the nodes that run. */
export async function saveCluster(cluster: KafkaCluster): Promise<void> {
  const running = cluster.nodes.flatMap(({ id, pid }) => (pid === undefined ? [] : [[id, pid]]));
  const state: State = { plan: cluster.plan, pids: Object.fromEntries(running) };
  await mkdir(cacheDirectory, { recursive: true });
  await writeFile(stateFile, JSON.stringify(state, null, 2));
}

/** Takes up the cluster that was noted last; undefined when there is none. */
export async function loadCluster(): Promise<KafkaCluster | undefined> {
  if (!existsSync(stateFile)) return undefined;
  const { plan, pids } = JSON.parse(await readFile(stateFile, "utf8")) as State;
  return new KafkaCluster({ artifacts: await resolveArtifacts(), plan, pids });
}

/** Forgets the cluster that was noted. */
export async function forgetCluster(): Promise<void> {
  await rm(stateFile, { force: true });
}
