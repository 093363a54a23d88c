import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { BrokerOptions } from "../src/broker/broker-options.ts";
import type { BrokerReport, MemoryReport } from "./broker-child.ts";

const program = join(import.meta.dirname, "broker-child.ts");

/** How much of what it logs is kept for those who ask. */
const rememberedLength = 20_000;

/** What can be told to another process. */
export type PlainBrokerOptions = Omit<BrokerOptions, "host" | "logger">;

/** Our broker in a process of its own, which ends with this one at the latest. */
export class BrokerProcess {
  readonly clusterId: string;
  /** By the listener's name. */
  readonly ports: { readonly [listener: string]: number };
  readonly #child: ChildProcess;
  readonly #said: () => string;
  readonly #exited: Promise<unknown>;

  private constructor(
    child: ChildProcess,
    report: Exclude<BrokerReport, { failure: string }>,
    said: () => string,
  ) {
    this.#said = said;
    this.#child = child;
    this.#exited = child.exitCode === null ? once(child, "exit") : Promise.resolve();
    this.clusterId = report.clusterId;
    this.ports = report.ports;
  }

  /**
   * Starts a broker; rejects with what it said where it does not come up, such as when it is killed
   * before it is done, `killAfterMs` from now.
   */
  static async start(
    options: PlainBrokerOptions,
    { killAfterMs }: { readonly killAfterMs?: number | undefined } = {},
  ): Promise<BrokerProcess> {
    const child = fork(program, { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-rememberedLength);
    });
    child.send(options);
    if (killAfterMs !== undefined) setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    const report = await Promise.race([
      once(child, "message").then(([message]) => message as BrokerReport),
      once(child, "exit").then(([code]) => ({ failure: `it ended with code ${code}:\n${said}` })),
    ]);
    if ("failure" in report) {
      child.kill("SIGKILL");
      throw new Error(`no broker came up: ${report.failure}`);
    }
    return new BrokerProcess(child, report, () => said);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** "host:port" of the listener in plain text. */
  get bootstrapServers(): string {
    return `127.0.0.1:${this.ports.PLAINTEXT}`;
  }

  /** The end of what it has logged. */
  get said(): string {
    return this.#said();
  }

  /** Asks the process what memory it has; resolves once it has its turn to answer. */
  async memory(): Promise<MemoryReport> {
    const answer = once(this.#child, "message");
    this.#child.send("memory");
    const [report] = await answer;
    return report as MemoryReport;
  }

  /** Stops in order; resolves when the process is gone. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends as a crash would; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.#exited;
  }
}
