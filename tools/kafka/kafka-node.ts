import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Artifacts } from "./artifacts.ts";
import type { ClusterPlan, ListenerName, NodePlan } from "./cluster-plan.ts";
import {
  clusterMark,
  hasEnded,
  isRunning,
  type JavaProcess,
  kill,
  signal,
} from "./java-process.ts";
import { serverArguments, toolArguments } from "./jvm.ts";
import { listBrokers } from "./probe.ts";
import { scramMechanisms, users } from "./users.ts";

const run = promisify(execFile);
const stopTimeoutMs = 30_000;

/** What a node shares with the others of its cluster. */
export interface Surroundings {
  readonly artifacts: Artifacts;
  readonly cluster: ClusterPlan;
  /** Is told of each process at once, so that none is left behind. */
  readonly watch: (started: JavaProcess) => void;
}

/** One broker and controller: a Java process that may come and go, and the files that stay. */
export class KafkaNode {
  /** Kafka's `node.id`, from 1. */
  readonly id: number;
  /** `host:port` of each listener for clients. */
  readonly addresses: Readonly<Partial<Record<ListenerName, string>>>;
  /** What the node logs and prints. */
  readonly logFile: string;
  /** Kafka's `log.dirs`. */
  readonly logDirectory: string;
  readonly #plan: NodePlan;
  readonly #around: Surroundings;
  #process: JavaProcess | undefined;
  #child: ChildProcess | undefined;

  /** Describes a node; `pid` is that of its process if it was started earlier. */
  constructor(plan: NodePlan, around: Surroundings, pid?: number) {
    const { CONTROLLER: _, ...ports } = plan.ports;
    const addresses = Object.entries(ports).map(([name, port]) => [name, `127.0.0.1:${port}`]);
    this.id = plan.id;
    this.addresses = Object.fromEntries(addresses);
    this.logFile = plan.logFile;
    this.logDirectory = plan.logDirectory;
    this.#plan = plan;
    this.#around = around;
    if (pid !== undefined) this.#process = { pid, mark: this.#mark };
  }

  /** The process id; undefined when the node does not run. */
  get pid(): number | undefined {
    return this.#process !== undefined && isRunning(this.#process) ? this.#process.pid : undefined;
  }

  /** Starts the process, after formatting the node's directory if that was never done. */
  async start(): Promise<void> {
    if (this.pid !== undefined) throw new Error(`node ${this.id} runs already, as ${this.pid}`);
    if (!existsSync(join(this.logDirectory, "meta.properties"))) await this.#format();
    const { artifacts, cluster, watch } = this.#around;
    const log = openSync(this.logFile, "a");
    try {
      const args = serverArguments(artifacts, this.#mark, cluster.settings, this.#plan);
      const stdio = ["ignore" as const, log, log];
      const child = spawn(artifacts.java, args, { detached: true, stdio });
      child.unref();
      if (child.pid === undefined) throw new Error(`could not run ${artifacts.java}`);
      this.#child = child;
      this.#process = { pid: child.pid, mark: this.#mark };
      watch(this.#process);
      // For an instant after its start a process has no command line, by which it is known here.
      while (child.exitCode === null && child.signalCode === null && !isRunning(this.#process))
        await delay(1);
    } finally {
      closeSync(log);
    }
  }

  /** Resolves when the node answers and lists these brokers; throws with the end of its log. */
  async untilReady(brokers: readonly number[], timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const listed = await this.listBrokers();
      if (listed !== undefined && brokers.every((id) => listed.includes(id))) return;
      if (this.pid === undefined) throw this.#failure("ended while it was starting");
      if (Date.now() > deadline) {
        const seen = listed === undefined ? "does not answer" : `lists only brokers ${listed}`;
        throw this.#failure(`${seen} after ${timeoutMs} ms`);
      }
      await delay(25);
    }
  }

  /** Gives the ids of the brokers that this one knows to be alive; undefined if it does not answer. */
  async listBrokers(): Promise<number[] | undefined> {
    return listBrokers(this.#plan.ports.PLAINTEXT, 2_000).catch(() => undefined);
  }

  /** Ends the process as a crash would, and resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    await kill(this.#process);
    await this.#reap();
  }

  /** Lets the node shut down in order; one that takes longer than 30 s is killed. */
  async stop(): Promise<void> {
    if (this.#process === undefined) return;
    signal(this.#process, "SIGTERM");
    if (!(await hasEnded(this.#process, stopTimeoutMs))) await kill(this.#process);
    await this.#reap();
  }

  async #format(): Promise<void> {
    const { artifacts, cluster, watch } = this.#around;
    const { sasl = false, features = {} } = cluster.settings;
    const args = ["format", "-t", cluster.clusterId, "-c", this.#plan.propertiesFile];
    for (const [name, level] of Object.entries(features))
      args.push("--feature", `${name}=${level}`);
    for (const { name, password } of sasl ? users : []) {
      for (const mechanism of scramMechanisms) {
        args.push("--add-scram", `${mechanism}=[name=${name},password=${password}]`);
      }
    }
    const command = toolArguments(artifacts, this.#mark, "kafka.tools.StorageTool", args);
    const running = run(artifacts.java, command);
    const { pid } = running.child;
    if (pid !== undefined) watch({ pid, mark: this.#mark });
    await running.catch((cause: Error & { stderr?: string }) => {
      const said = (cause.stderr ?? cause.message).replaceAll(/^\tat .*\n/gm, "");
      const message = `Kafka would not format ${this.logDirectory}: ${said}`;
      throw new Error(message, { cause });
    });
  }

  /** Waits until Node has taken note of the end of a child of this process, so that no zombie stays. */
  async #reap(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    await once(child, "exit");
  }

  get #mark(): string {
    return clusterMark(this.#around.cluster.directory);
  }

  #failure(what: string): Error {
    const end = readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-30).join("\n");
    return new Error(`Kafka node ${this.id} ${what}; the end of ${this.logFile}:\n${end}`);
  }
}
