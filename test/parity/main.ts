import { parseArgs } from "node:util";
import { readCases } from "./case-file.ts";
import { difference } from "./difference.ts";
import { runCase } from "./run.ts";

const usage = `npm run parity -- --cases FILE [--report] [--only TEXT]
  --cases FILE   cases, one JSON object a line, plain or gzip
  --report       a line for each case, agreed or not; otherwise only for those that differ
  --only TEXT    only cases whose name has this text`;

const { values: options } = parseArgs({
  options: {
    cases: { type: "string" },
    report: { type: "boolean", default: false },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (options.help || options.cases === undefined) {
  console.log(usage);
  process.exit(options.help ? 0 : 2);
}

let agreed = 0;
let count = 0;
for (const one of readCases(options.cases)) {
  if (options.only !== undefined && !one.name.includes(options.only)) continue;
  count += 1;
  const differs = difference(one, runCase(one));
  if (differs === undefined) {
    agreed += 1;
    if (options.report) console.log(`agrees   ${one.name}`);
  } else {
    console.log(`differs  ${one.name}\n    ${differs}`);
  }
}
console.log(`${agreed} of ${count} agree`);
process.exitCode = agreed === count ? 0 : 1;
