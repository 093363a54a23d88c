import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { resolveArtifacts } from "../../tools/kafka/artifacts.ts";
import { toolArguments } from "../../tools/kafka/jvm.ts";

const program = join(import.meta.dirname, "jvm/ToolShell.java");
/** Longer than any tool of a suite takes. */
const patienceMs = 60_000;

/** How one of Kafka's tools ended. */
export interface ToolOutcome {
  readonly status: number;
  /** What it printed on standard output. */
  readonly out: string;
  /** What it printed on standard error. */
  readonly err: string;
}

/**
 * Runs Kafka's command-line tools one after the other in one JVM, which saves each the second that a
 * JVM takes to start. Not for tools that leave by `System.exit`, such as VerifiableProducer. Needs a JDK.
 */
export class ToolShell {
  readonly #child: ChildProcess;
  readonly #incoming: AsyncIterator<Buffer>;
  readonly #end: () => void;
  #received: Buffer = Buffer.alloc(0);

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#incoming = (child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]() as never;
    this.#end = () => void child.kill("SIGKILL");
    process.once("exit", this.#end);
  }

  /** Starts the JVM. */
  static async start(): Promise<ToolShell> {
    const artifacts = await resolveArtifacts();
    const command = toolArguments(artifacts, "-Dmillrace.tools", program, []);
    const child = spawn(artifacts.java, command, { stdio: ["pipe", "pipe", "inherit"] });
    return new ToolShell(child);
  }

  /** Runs a tool by its class to its end, whatever that is; `input` is what it reads. One at a time. */
  async run(className: string, args: readonly string[], input = ""): Promise<ToolOutcome> {
    const parts = [className, input, ...args].map((part) => Buffer.from(part));
    this.#child.stdin?.write(
      Buffer.concat([int32(parts.length), ...parts.flatMap((part) => [int32(part.length), part])]),
    );
    const timer = setTimeout(this.#end, patienceMs);
    try {
      const status = await this.#readInt();
      const out = await this.#read(await this.#readInt());
      const err = await this.#read(await this.#readInt());
      return { status, out: out.toString(), err: err.toString() };
    } catch (cause) {
      throw new Error(`${className} ${args.join(" ")} did not end in order`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the JVM; may be called twice. */
  async close(): Promise<void> {
    process.off("exit", this.#end);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#end();
    await gone;
  }

  async #readInt(): Promise<number> {
    return (await this.#read(4)).readInt32BE();
  }

  async #read(length: number): Promise<Buffer> {
    while (this.#received.length < length) {
      const { value, done } = await this.#incoming.next();
      if (done) throw new Error("the JVM of Kafka's tools is gone");
      this.#received = Buffer.concat([this.#received, value]);
    }
    const part = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return part;
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
