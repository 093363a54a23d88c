import { parseArgs } from "node:util";
import { writeCases } from "./case-file.ts";
import { failureCases } from "./hand-written/failures.ts";
import { joinCases } from "./hand-written/joins.ts";
import { nodeByNodeCases } from "./hand-written/node-by-node.ts";
import { optionCases } from "./hand-written/options.ts";
import { processorCases } from "./hand-written/processors.ts";
import { streamCases } from "./hand-written/streams.ts";
import { tableCases } from "./hand-written/tables.ts";
import { timeCases } from "./hand-written/times.ts";
import { windowCases } from "./hand-written/windows.ts";

const usage = `node test/parity/hand-written.ts --out FILE
  --out FILE  where the cases written by hand go, as JSON lines, compressed if the name ends in .gz; without answers`;

const { values: options } = parseArgs({
  options: { out: { type: "string" }, help: { type: "boolean", default: false } },
});
if (options.help || options.out === undefined) {
  console.log(usage);
  process.exit(options.help ? 0 : 2);
}

const cases = [
  ...streamCases,
  ...windowCases,
  ...tableCases,
  ...joinCases,
  ...processorCases,
  ...nodeByNodeCases,
  ...timeCases,
  ...failureCases,
  ...optionCases,
];
writeCases(options.out, cases);
console.log(`${cases.length} cases`);
