import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ListenerOptions } from "../src/broker/broker-options.ts";
import { Connection } from "../src/client/connection.ts";
import { systemHost } from "../src/host.ts";
import { UpdateFeatures } from "../src/protocol/index.ts";
import { resolveArtifacts } from "../tools/kafka/artifacts.ts";
import { writeCertificates } from "../tools/kafka/cluster-files.ts";
import {
  type ClusterSettings,
  type ListenerName,
  type TlsFiles,
  tlsFiles,
} from "../tools/kafka/cluster-plan.ts";
import { clusterMark } from "../tools/kafka/java-process.ts";
import { toolArguments } from "../tools/kafka/jvm.ts";
import type { Listeners } from "../tools/kafka/kafka-cluster.ts";
import { type PortBlock, reservePorts } from "../tools/kafka/ports.ts";
import { authorizerProperties } from "../tools/kafka/server-properties.ts";
import { users } from "../tools/kafka/users.ts";
import { BrokerProcess, type PlainBrokerOptions } from "./broker-process.ts";

const run = promisify(execFile);
const host = "127.0.0.1";
/** Levels of features may go down as well as up before a suite begins. */
const unsafeDowngrade = 3;

/** Our broker in a process of its own, set up as `startKafka` sets up Apache Kafka, on a data directory of its own. */
export class EmbeddedCluster {
  readonly directory: string;
  readonly bootstrapServers: string;
  readonly listeners: Listeners;
  readonly tls: TlsFiles | undefined;
  readonly clusterId: string;
  readonly #options: PlainBrokerOptions;
  readonly #ports: PortBlock;
  #broker: BrokerProcess;

  private constructor(
    directory: string,
    options: PlainBrokerOptions,
    ports: PortBlock,
    broker: BrokerProcess,
  ) {
    this.directory = directory;
    this.#options = options;
    this.#ports = ports;
    this.#broker = broker;
    const address = (name: ListenerName) => {
      const port = broker.ports[name];
      return port === undefined ? [] : [`${host}:${port}`];
    };
    this.listeners = {
      plaintext: address("PLAINTEXT"),
      sasl: address("SASL_PLAINTEXT"),
      ssl: address("SSL"),
      saslSsl: address("SASL_SSL"),
    };
    this.bootstrapServers = this.listeners.plaintext.join();
    this.clusterId = broker.clusterId;
    this.tls = this.listeners.ssl.length > 0 ? tlsFiles(directory) : undefined;
  }

  /** Starts a broker with the cluster's settings; those of Java have no meaning here. */
  static async start(settings: ClusterSettings): Promise<EmbeddedCluster> {
    if ((settings.nodes ?? 1) > 1) throw new Error("our broker is one node");
    const directory = await mkdtemp(join(tmpdir(), "millrace-embedded-"));
    if (settings.tls) await writeCertificates(directory);
    const ports = await reservePorts();
    const options: PlainBrokerOptions = {
      dataDir: join(directory, "log"),
      listeners: listenersOf(directory, ports.base, settings),
      configs: { ...(settings.authorizer && authorizerProperties), ...settings.properties },
      sasl: { users: Object.fromEntries(users.map(({ name, password }) => [name, password])) },
    };
    const broker = await BrokerProcess.start(options).catch(async (error: unknown) => {
      await ports.release();
      await rm(directory, { recursive: true, force: true });
      throw error;
    });
    const cluster = new EmbeddedCluster(directory, options, ports, broker);
    if (settings.features) await cluster.#setFeatures(settings.features);
    return cluster;
  }

  async tool(className: string, ...args: string[]): Promise<string> {
    const artifacts = await resolveArtifacts();
    const command = toolArguments(artifacts, clusterMark(this.directory), className, args);
    const { stdout } = await run(artifacts.java, command, { maxBuffer: 1 << 28 });
    return stdout;
  }

  async restart(): Promise<void> {
    await this.#broker.stop();
    this.#broker = await BrokerProcess.start(this.#options);
  }

  /** Stops the broker and removes its data. */
  async close(): Promise<void> {
    await this.#broker.stop();
    await this.#ports.release();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #setFeatures(levels: Readonly<Record<string, number>>): Promise<void> {
    const endpoint = { host, port: this.#broker.ports.PLAINTEXT as number };
    const settings = { clientId: "suite", connectTimeoutMs: 5_000, maxFrameBytes: 1 << 20 };
    const connection = await Connection.open(endpoint, settings, systemHost);
    const featureUpdates = Object.entries(levels).map(([feature, maxVersionLevel]) => ({
      feature,
      maxVersionLevel,
      upgradeType: unsafeDowngrade,
    }));
    const body = { timeoutMs: 5_000, featureUpdates };
    const { errorCode, errorMessage } = await connection.request(UpdateFeatures, 2, body, 5_000);
    connection.close();
    if (errorCode !== 0) throw new Error(`features were refused: ${errorMessage}`);
  }
}

function listenersOf(
  directory: string,
  basePort: number,
  settings: ClusterSettings,
): ListenerOptions[] {
  const { sasl = false, tls: isSecure = false, clientAuth = "requested" } = settings;
  const names: ListenerName[] = ["PLAINTEXT"];
  if (sasl) names.push("SASL_PLAINTEXT");
  if (isSecure) names.push("SSL");
  if (sasl && isSecure) names.push("SASL_SSL");
  const { serverStore, ca } = tlsFiles(directory);
  return names.map((name, index) => {
    const listener = { name, protocol: name, host, port: basePort + index };
    if (!name.endsWith("SSL")) return listener;
    const [store = "", authority] = [serverStore, ca].map((file) => readFileSync(file, "utf8"));
    // Kafka's default on SASL_SSL is to ask for no certificate, whatever ssl.client.auth says.
    const asks = name === "SSL" ? clientAuth : "none";
    return { ...listener, tls: { cert: store, key: store, ca: authority, clientAuth: asks } };
  });
}
