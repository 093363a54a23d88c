import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const usage = `npm run parity:record -- --cases FILE --out FILE [--check]
  --cases FILE  cases, one JSON object a line, plain or gzip; answers in it are made anew
  --out FILE    the same cases with the JVM's answers, compressed if the name ends in .gz
  --check       also compares with the answers in FILE, and fails where one differs`;

const { values: options } = parseArgs({
  options: {
    cases: { type: "string" },
    out: { type: "string" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help || options.cases === undefined || options.out === undefined) {
  console.log(usage);
  process.exit(options.help ? 0 : 2);
}

const program = [resolve(options.cases), resolve(options.out), ...(options.check ? ["check"] : [])];
try {
  // Maven splits its arguments at blanks, so that paths with blanks have to be quoted.
  const quoted = program.map((argument) => `'${argument}'`).join(" ");
  const goal = ["compile", "exec:java", "-Dexec.mainClass=millrace.parity.Cases"];
  const project = join(import.meta.dirname, "jvm");
  execFileSync("mvn", ["-q", "-f", project, ...goal, `-Dexec.args=${quoted}`], {
    stdio: "inherit",
  });
} catch {
  process.exitCode = 1;
}
