import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { EmbeddedBroker } from "./embedded-broker.ts";

/** A client of another language, as a program that takes the broker and a scenario's name. */
export interface ForeignClient {
  readonly name: string;
  /** Commands that succeed where the tool chain is there, such as those that tell versions. */
  readonly toolChain: readonly (readonly string[])[];
  /** Gets what the program needs, and gives the command line that runs it. */
  readonly prepare: () => Promise<readonly string[]>;
  /** The program's scenarios: what each shows. */
  readonly scenarios: { readonly [scenario: string]: string };
}

/** What a client shows that knows both kinds of groups. */
export const usualScenarios = {
  records:
    "records come back as they went, in each compression, and where the broker writes its own",
  "group-classic": "members of a classic group share partitions, commit and resume",
  "group-consumer": "members of a consumer group (KIP-848) share partitions, commit and resume",
  transactions:
    "transactions are seen whole or not at all, with offsets, and fence who was there before",
  admin: "topics, settings, offsets, users and the cluster are administered",
} as const;

/** The first run downloads and compiles. */
const preparationMs = 180_000;
const scenarioMs = 90_000;
/** The end of what a program prints tells why it failed. */
const shownCharacters = 6_000;

/**
 * Declares a suite that runs a client's scenarios, one after the other, against an embedded broker. A
 * suite whose tool chain is not there is skipped with the reason; where `CI` is set it fails instead.
 */
export function suiteOf({ name, toolChain, prepare, scenarios }: ForeignClient): void {
  const missing = toolChain
    .filter(([command = "", ...args]) => spawnSync(command, args).status !== 0)
    .map((command) => command.join(" "));
  const reason = `the tool chain is not there: ${missing.join(", ")} failed`;
  const isOptional = !process.env.CI;
  describe(name, { skip: isOptional && missing.length > 0 ? reason : false }, () => {
    let broker: EmbeddedBroker;
    let command: readonly string[];
    before(
      async () => {
        assert.deepEqual(missing, [], reason);
        command = await prepare();
        broker = await EmbeddedBroker.start();
      },
      { timeout: preparationMs },
    );
    after(() => broker?.close());
    for (const [scenario, sentence] of Object.entries(scenarios)) {
      test(sentence, async () => {
        await run([...command, broker.bootstrapServers, scenario], scenarioMs);
        assert.deepEqual(broker.errors, []);
      });
    }
  });
}

/** Runs a command to its end. Throws with the last that it printed unless it succeeds in time. */
export async function run(
  [command, ...args]: readonly string[],
  timeoutMs: number,
  { cwd, env }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  const child = spawn(command as string, args, { cwd, env: env ?? process.env, stdio: "pipe" });
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  const timer = setTimeout(end, timeoutMs);
  try {
    const [printed, [code, signal]] = await Promise.all([textOf(child), once(child, "close")]);
    if (code === 0) return;
    const why = signal === null ? `status ${code}` : `${signal} after at most ${timeoutMs} ms`;
    assert.fail(`${command} ${args.join(" ")} ended with ${why}:\n${printed}`);
  } finally {
    clearTimeout(timer);
    process.off("exit", end);
  }
}

async function textOf({ stdin, stdout, stderr }: ChildProcess): Promise<string> {
  stdin?.end();
  let text = "";
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding("utf8").on("data", (part: string) => {
      text = (text + part).slice(-shownCharacters);
    });
  }
  await Promise.all([
    once(stdout as NodeJS.ReadableStream, "close"),
    once(stderr as NodeJS.ReadableStream, "close"),
  ]);
  return text;
}
