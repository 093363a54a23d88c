import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cacheDirectory, resolveArtifacts } from "./artifacts.ts";
import { toolArguments } from "./jvm.ts";
import { startKafka } from "./kafka.ts";
import type { KafkaCluster } from "./kafka-cluster.ts";
import type { KafkaNode } from "./kafka-node.ts";
import { type Command, parseCommand, usage } from "./options.ts";
import { reservePorts } from "./ports.ts";
import { forgetCluster, loadCluster, saveCluster } from "./state-file.ts";
import { users } from "./users.ts";

/** Carries out `npm run kafka -- …`; see `options.ts` for what it understands. */
export async function main(args: readonly string[]): Promise<void> {
  if (args[0] === "tool") return runTool(args.slice(1));
  const command = parseCommand(args);
  switch (command.name) {
    case "start":
      return command.nodeIds.length > 0 ? startNodes(command.nodeIds) : start(command);
    case "stop":
      return stop(command.nodeIds);
    case "kill":
      return kill(command.nodeIds);
    case "status":
      return status(await loadCluster());
    default:
      process.stdout.write(usage);
      if (command.name !== "help") process.exitCode = 2;
  }
}

async function start({ options }: Command): Promise<void> {
  if (!existsSync(cacheDirectory)) {
    console.log("The first start fetches Kafka through Maven and prepares it: this takes a while.");
  }
  const before = await loadCluster();
  if (before?.nodes.some(({ pid }) => pid !== undefined)) {
    throw new Error("a cluster runs already: stop it first, or use start --node ID for one node");
  }
  await before?.close();
  const startedAt = performance.now();
  const cluster = await startKafka({ ...options, port: options.port ?? (await usualPort()) });
  await saveCluster(cluster);
  cluster.release();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`Kafka 4.3.1 answers after ${seconds} s.`);
  await status(cluster);
}

async function startNodes(nodeIds: readonly number[]): Promise<void> {
  const cluster = await expectCluster();
  await cluster.restart(...nodeIds);
  await saveCluster(cluster);
  cluster.release();
  await status(cluster);
}

async function stop(nodeIds: readonly number[]): Promise<void> {
  const cluster = await expectCluster();
  if (nodeIds.length > 0) {
    for (const id of nodeIds) await cluster.stop(id);
    return status(cluster);
  }
  await cluster.stop();
  await cluster.close();
  await forgetCluster();
  console.log("stopped");
}

async function kill(nodeIds: readonly number[]): Promise<void> {
  const cluster = await expectCluster();
  const chosen = nodeIds.length > 0 ? nodeIds : cluster.nodes.map(({ id }) => id);
  await Promise.all(chosen.map((id) => cluster.kill(id)));
  await status(cluster);
}

async function status(cluster: KafkaCluster | undefined): Promise<void> {
  if (cluster === undefined) {
    console.log("no cluster was started here");
    process.exitCode = 3;
    return;
  }
  const lines = [];
  for (const node of cluster.nodes) {
    lines.push(`node ${node.id}: ${await describe(node)}`);
    for (const [listener, address] of Object.entries(node.addresses)) {
      lines.push(`  ${listener.padEnd(14)} ${address}`);
    }
    lines.push(`  log            ${node.logFile}`);
  }
  if (cluster.listeners.sasl.length > 0) {
    lines.push(`users: ${users.map(({ name, password }) => `${name}/${password}`).join(", ")}`);
  }
  if (cluster.tls !== undefined) {
    const { ca, clientCertificate, clientKey } = cluster.tls;
    lines.push(`authority: ${ca}`, `client certificate: ${clientCertificate}, ${clientKey}`);
  }
  lines.push(`--command-config files for Kafka's tools: ${cluster.directory}/clients/`);
  console.log(lines.join("\n"));
}

async function describe(node: KafkaNode): Promise<string> {
  if (node.pid === undefined) return "does not run";
  const listed = await node.listBrokers();
  const answer = listed === undefined ? "does not answer" : `sees brokers ${listed.join(", ")}`;
  return `pid ${node.pid}, ${answer}`;
}

/** Runs one of Kafka's tools in the foreground, with our own input and output. */
async function runTool([className, ...args]: readonly string[]): Promise<void> {
  if (className === undefined) throw new Error("which tool? Give its Java class");
  const artifacts = await resolveArtifacts();
  const command = toolArguments(artifacts, "-Dmillrace.tool", className, args);
  process.exitCode = spawnSync(artifacts.java, command, { stdio: "inherit" }).status ?? 1;
}

async function expectCluster(): Promise<KafkaCluster> {
  const cluster = await loadCluster();
  if (cluster !== undefined) return cluster;
  throw new Error("no cluster was started here; see npm run kafka -- --help");
}

/** Kafka's usual port if a cluster fits there, else none, which lets the tool choose. */
async function usualPort(): Promise<number | undefined> {
  const block = await reservePorts(9092).catch(() => undefined);
  await block?.release();
  return block?.base;
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
