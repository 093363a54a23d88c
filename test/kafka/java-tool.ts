import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolveArtifacts } from "../../tools/kafka/artifacts.ts";
import { clusterMark } from "../../tools/kafka/java-process.ts";
import { toolArguments } from "../../tools/kafka/jvm.ts";
import type { TestCluster } from "../cluster.ts";

/** One of Kafka's tools that runs beside a suite, such as a console consumer. */
export class JavaTool {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const end = () => void child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
  }

  /** Starts a tool by its class against a cluster; what it prints is dropped. */
  static async start(kafka: TestCluster, className: string, ...args: string[]): Promise<JavaTool> {
    const artifacts = await resolveArtifacts();
    const mark = clusterMark(kafka.directory);
    const all = ["--bootstrap-server", kafka.bootstrapServers, ...args];
    const command = toolArguments(artifacts, mark, className, all);
    return new JavaTool(spawn(artifacts.java, command, { stdio: "ignore" }));
  }

  /** Ends it in order, and resolves when it is gone. May be called twice. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
  }
}
