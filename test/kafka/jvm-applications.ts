import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { javaProgram } from "../clients/java-program.ts";
import type { CaseOperator } from "../parity/case.ts";
import { until } from "../until.ts";

/** How long an application may take to start or to stop. */
const stateMs = 40_000;

/** Applications of Kafka Streams for the JVM, all in one process of Java; they run the topologies of parity cases. */
export class JvmApplications {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  /** The states that each has been in since its start. */
  readonly #states = new Map<string, Set<string>>();
  readonly #errors = new Map<string, string>();

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    const end = () => void child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    createInterface(child.stdout).on("line", (line) => {
      const { app, state, error } = JSON.parse(line);
      if (error === undefined) this.#states.get(app)?.add(state);
      else this.#errors.set(app, error);
    });
  }

  static async start(): Promise<JvmApplications> {
    const project = join(import.meta.dirname, "../parity/jvm");
    const [command = "", ...args] = await javaProgram("millrace.parity.Applications", project);
    return new JvmApplications(spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] }));
  }

  /** Starts an application, and waits until it runs. */
  async run(topology: readonly CaseOperator[], settings: Record<string, string>): Promise<void> {
    const name = settings["application.id"] as string;
    this.#states.set(name, new Set());
    this.#send({ start: name, topology, settings });
    await this.reached(name, "RUNNING");
  }

  /** Commits what an application has processed, and waits until it has left its group. */
  async stop(name: string): Promise<void> {
    this.#send({ stop: name });
    await this.reached(name, "CLOSED");
  }

  /** Waits until an application has been in a state since its start; fails with what stopped it. */
  async reached(name: string, state: string): Promise<void> {
    const isThere = () => this.#states.get(name)?.has(state) || this.#errors.has(name);
    await until(`the JVM's application ${name} is ${state}`, isThere, stateMs);
    assert.equal(this.#errors.get(name), undefined);
  }

  /** What stopped an application; undefined for nothing. */
  errorOf(name: string): string | undefined {
    return this.#errors.get(name);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.stdin.end();
    await gone;
  }

  #send(command: object): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }
}
