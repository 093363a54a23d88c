import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Artifacts } from "./artifacts.ts";
import {
  type ClusterPlan,
  type ListenerName,
  listenerNames,
  type TlsFiles,
  tlsFiles,
} from "./cluster-plan.ts";
import { clusterMark } from "./java-process.ts";
import { toolArguments } from "./jvm.ts";
import { KafkaNode } from "./kafka-node.ts";
import type { PortBlock } from "./ports.ts";
import type { Mechanism } from "./users.ts";
import { Watchdog } from "./watchdog.ts";

const run = promisify(execFile);

/** What a cluster is made of; a running one can be taken up again from its plan and pids. */
export interface ClusterParts {
  readonly artifacts: Artifacts;
  readonly plan: ClusterPlan;
  /** The ports' reservation, to be given back in the end. */
  readonly ports?: PortBlock | undefined;
  /** Process ids by node id, of nodes that were started earlier. */
  readonly pids?: Readonly<Record<number, number>> | undefined;
  readonly startTimeoutMs?: number | undefined;
}

/** `host:port` of each node, by listener; empty for a listener that the cluster does not have. */
export interface Listeners {
  readonly plaintext: readonly string[];
  readonly sasl: readonly string[];
  readonly ssl: readonly string[];
  readonly saslSsl: readonly string[];
}

/** A cluster of Apache Kafka, of which each node can be killed, stopped and restarted by itself. */
export class KafkaCluster {
  /** Addresses of the PLAINTEXT listeners, joined by commas. */
  readonly bootstrapServers: string;
  readonly listeners: Listeners;
  /** In the order of their ids, which begin at 1. */
  readonly nodes: readonly KafkaNode[];
  readonly clusterId: string;
  /** Where data, logs, certificates and client configurations lie. */
  readonly directory: string;
  /** The jars of Kafka, as `java -cp` takes them. */
  readonly classpath: string;
  /** The PEM files for clients; undefined without `tls`. */
  readonly tls: TlsFiles | undefined;
  /** How the cluster is laid out, for a state file. */
  readonly plan: ClusterPlan;
  readonly #parts: ClusterParts;
  #watchdog: Watchdog | undefined;
  #closing: Promise<void> | undefined;

  /** Describes a cluster; {@link restart} starts what does not run. Others call `startKafka`. */
  constructor(parts: ClusterParts) {
    const { artifacts, plan, pids = {} } = parts;
    const around = {
      artifacts,
      cluster: plan,
      watch: this.#watch.bind(this),
    };
    this.nodes = plan.nodes.map((node) => new KafkaNode(node, around, pids[node.id]));
    this.listeners = {
      plaintext: this.#addresses("PLAINTEXT"),
      sasl: this.#addresses("SASL_PLAINTEXT"),
      ssl: this.#addresses("SSL"),
      saslSsl: this.#addresses("SASL_SSL"),
    };
    this.bootstrapServers = this.listeners.plaintext.join(",");
    this.clusterId = plan.clusterId;
    this.directory = plan.directory;
    this.classpath = artifacts.classpath;
    this.tls = plan.settings.tls ? tlsFiles(plan.directory) : undefined;
    this.plan = plan;
    this.#parts = parts;
  }

  /** Ends a node as a crash would (SIGKILL), and resolves when its process is gone. */
  async kill(nodeId: number): Promise<void> {
    await this.#node(nodeId).kill();
  }

  /** Shuts one node down in order, or all of them; their data stays. */
  async stop(nodeId?: number): Promise<void> {
    const nodes = nodeId === undefined ? this.nodes : [this.#node(nodeId)];
    await Promise.all(nodes.map((node) => node.stop()));
  }

  /**
   * Starts these nodes, or all that do not run, on their old ports and data, and resolves when all
   * that run answer and list each other. One that runs is stopped first. Kafka does not let a
   * broker back in before its old session ends (`broker.session.timeout.ms`, 9 s unless set).
   */
  async restart(...nodeIds: number[]): Promise<void> {
    if (this.#closing !== undefined) throw new Error("this Kafka cluster is closed");
    const { startTimeoutMs = 60_000 } = this.#parts;
    const nodes =
      nodeIds.length > 0
        ? nodeIds.map((id) => this.#node(id))
        : this.nodes.filter(({ pid }) => pid === undefined);
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all(nodes.map((node) => node.start()));
    // One of `nodes` may have ended already; asking it too is what tells the caller.
    const running = this.nodes.filter((node) => node.pid !== undefined || nodes.includes(node));
    const ids = running.map(({ id }) => id);
    await Promise.all(running.map((node) => node.untilReady(ids, startTimeoutMs)));
  }

  /**
   * Runs one of Kafka's command-line tools, such as `org.apache.kafka.tools.TopicCommand`, and gives
   * what it printed. Throws with its output when it fails.
   */
  async tool(className: string, ...args: string[]): Promise<string> {
    const { artifacts } = this.#parts;
    const mark = clusterMark(this.directory);
    const command = toolArguments(artifacts, mark, className, args);
    const running = run(artifacts.java, command, { maxBuffer: 1 << 28 });
    const { pid } = running.child;
    if (pid !== undefined) this.#watch({ pid, mark });
    const { stdout } = await running.catch((cause: Error & { stdout: string; stderr: string }) => {
      const message = `${className} ${args.join(" ")} failed:\n${cause.stdout}${cause.stderr}`;
      // Not as the cause: that would repeat the command line with every jar of the class path.
      throw new Error(message);
    });
    return stdout;
  }

  /**
   * Names the file that configures Kafka's tools (`--command-config`) for a listener; for the SASL
   * ones as this user (see `users`) by this mechanism, by default admin by SCRAM-SHA-256.
   */
  commandConfig(listener: ListenerName, user = "admin", mechanism?: Mechanism): string {
    if (!listenerNames(this.#parts.plan).includes(listener)) {
      throw new Error(`this Kafka cluster was started without a ${listener} listener`);
    }
    const login = `-${(mechanism ?? "SCRAM-SHA-256").toLowerCase()}-${user}`;
    const name = `${listener.toLowerCase()}${listener.startsWith("SASL") ? login : ""}`;
    return join(this.directory, "clients", `${name}.properties`);
  }

  /** Lets the nodes live on after this process; whoever needs them closed takes them up by their pids. */
  release(): void {
    this.#watchdog?.release();
    this.#watchdog = undefined;
  }

  /** Ends all nodes, in order if their data is kept; removes the data if not. May be called twice. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** Does what {@link close} does, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const { plan, ports } = this.#parts;
    await Promise.all(this.nodes.map((node) => (plan.temporary ? node.kill() : node.stop())));
    if (plan.temporary) await rm(plan.directory, { recursive: true, force: true });
    await ports?.release();
    this.#watchdog?.close();
  }

  #watch(started: { pid: number; mark: string }): void {
    const { plan, pids } = this.#parts;
    // A cluster that was taken up must keep its data if this process ends early.
    const isOurs = plan.temporary && pids === undefined;
    this.#watchdog ??= new Watchdog(isOurs ? plan.directory : undefined);
    this.#watchdog.watch(started);
  }

  #node(id: number): KafkaNode {
    const node = this.nodes.find((it) => it.id === id);
    if (node !== undefined) return node;
    throw new Error(
      `there is no node ${id}; there are ${this.nodes.map((it) => it.id).join(", ")}`,
    );
  }

  #addresses(listener: ListenerName): string[] {
    return this.nodes.flatMap(({ addresses }) => addresses[listener] ?? []);
  }
}
