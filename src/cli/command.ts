import { createRequire } from "node:module";
import { readForeignFile } from "../disk.ts";
import { consoleLoggerFrom } from "../log.ts";
import { brokerArguments, brokerOptionTable } from "./broker-arguments.ts";
import type { ExitStatus } from "./broker-command.ts";
import { optionHelp } from "./option-table.ts";
import { UsageError } from "./usage-error.ts";

const overview = `Usage: millrace <command> [options]

Commands:
  broker     Runs an embedded Kafka broker; "millrace broker --help" tells of its options

Options:
  -h, --help     Shows this
  -v, --version  Shows the version
`;

const brokerHelp = `Usage: millrace broker [options]

Runs a Kafka broker of one node, until it is asked to stop by Ctrl-C or SIGTERM.

Options:
${optionHelp(brokerOptionTable)}

Examples:
  millrace broker --data ./data
  millrace broker --host 0.0.0.0 --advertised kafka.example --sasl-user alice:secret
`;

/** Runs the `millrace` command; the process ends with 0 if all went well, 1 if not, 2 if it was called wrongly. */
export async function run(args: readonly string[]): Promise<void> {
  // Who reads what is said may leave; the broker goes on.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  process.exitCode = await statusOf(args);
}

async function statusOf([command, ...rest]: readonly string[]): Promise<ExitStatus> {
  try {
    switch (command) {
      case "broker":
        return await broker(rest);
      case "-v":
      case "--version":
        console.log(version());
        return 0;
      case "-h":
      case "--help":
      case "help":
        console.log(rest[0] === "broker" ? brokerHelp : overview);
        return 0;
      case undefined:
        throw new UsageError("a command is missing");
      default:
        throw new UsageError(`there is no command "${command}"`);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const topic = command === "broker" ? "broker " : "";
    console.error(`millrace: ${error.message}\n"millrace ${topic}--help" tells what can be done`);
    return 2;
  }
}

async function broker(args: readonly string[]): Promise<ExitStatus> {
  const asked = brokerArguments(args, readForeignFile);
  if (asked.kind === "help") {
    console.log(brokerHelp);
    return 0;
  }
  // Loaded when it is needed, so that mistakes are told at once.
  const { runBroker } = await import("./broker-command.ts");
  return runBroker(asked.options, consoleLoggerFrom(asked.logLevel));
}

function version(): string {
  const manifest = createRequire(import.meta.url)("millrace/package.json") as { version: string };
  return manifest.version;
}
