import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = join(import.meta.dirname, "..", "src", "cli", "main.ts");

/** How a command ended. */
export interface CommandEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The `millrace` command in a process of its own, run from its sources. */
export class Command {
  readonly #child: ChildProcess;
  readonly #ended: Promise<CommandEnd>;
  readonly #lines: AsyncIterator<string>;
  #stderr = "";

  private constructor(args: readonly string[], nodeFlags: readonly string[]) {
    this.#child = spawn(process.execPath, [...nodeFlags, program, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = this.#child;
    this.#ended = once(this.#child, "close").then(([status, signal]) => ({ status, signal }));
    this.#lines = createInterface({ input: stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
  }

  /** Starts the command; `nodeFlags` are for Node itself. */
  static start(args: readonly string[], nodeFlags: readonly string[] = []): Command {
    return new Command(args, nodeFlags);
  }

  /** The next line on standard output; undefined at its end. */
  async line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }

  /** All that came on standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when the process is gone and all it said is here. */
  get ended(): Promise<CommandEnd> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it, however it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
