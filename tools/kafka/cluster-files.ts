import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createIdentity } from "./certificate.ts";
import { clientConfigs } from "./client-properties.ts";
import { type ClusterPlan, listenerNames, tlsFiles } from "./cluster-plan.ts";
import { formatProperties } from "./properties.ts";
import { serverProperties } from "./server-properties.ts";

/** Writes what a cluster reads when it starts: properties of nodes and clients, and certificates. */
export async function writeClusterFiles(plan: ClusterPlan): Promise<void> {
  for (const node of plan.nodes) {
    await write(node.propertiesFile, formatProperties(serverProperties(plan, node)));
  }
  for (const { file, properties } of clientConfigs(plan.directory, listenerNames(plan))) {
    await write(file, formatProperties(properties));
  }
  if (plan.settings.tls) await writeCertificates(plan.directory);
}

/** Gives the id that the data in this directory was formatted with, or settles a new one. */
export async function clusterIdOf(directory: string): Promise<string> {
  const file = join(directory, "cluster-id");
  if (existsSync(file)) return (await readFile(file, "utf8")).trim();
  // Kafka's ids are 16 bytes in base64url; one that began with "-" would look like an option.
  const id = `k${randomBytes(16).toString("base64url").slice(1)}`;
  await write(file, `${id}\n`);
  return id;
}

/** Makes an authority for the cluster in `directory`, and certificates of its server and a client. */
export async function writeCertificates(directory: string): Promise<void> {
  const files = tlsFiles(directory);
  const authority = createIdentity("Millrace test authority", "authority");
  const server = createIdentity("localhost", "server", authority);
  const client = createIdentity("client", "client", authority);
  await write(files.ca, authority.certificate);
  await write(files.clientCertificate, client.certificate);
  await write(files.clientKey, client.key);
  await write(files.serverStore, server.key + server.certificate + authority.certificate);
  await write(files.clientStore, client.key + client.certificate + authority.certificate);
}

async function write(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content, { mode: 0o600 });
}
