import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** What every benchmark of several rounds understands. */
const common = {
  records: { type: "string" },
  rounds: { type: "string" },
  quick: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

/** Reads a benchmark's options, its own and those of all; with `--help` shows the usage and ends the process. */
export function readOptions<const Own extends ParseArgsOptionsConfig>(usage: string, own: Own) {
  const options = { ...common, ...own };
  const { values } = parseArgs<{ options: typeof common & Own }>({ options });
  const { help } = values as { readonly help?: boolean };
  if (!help) return values;
  console.log(usage);
  process.exit();
}
