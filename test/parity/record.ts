import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const usage = `npm run parity:record -- [--cases FILE --out FILE] [--check]
  --cases FILE  cases, one JSON object a line, plain or gzip; answers in it are made anew
  --out FILE    the same cases with the JVM's answers, compressed if the name ends in .gz
  --check       also compares with the answers in FILE, and fails where one differs
Without files, all those of test/parity/cases are answered anew.`;

const { values: options } = parseArgs({
  options: {
    cases: { type: "string" },
    out: { type: "string" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help || (options.cases === undefined) !== (options.out === undefined)) {
  console.log(usage);
  process.exit(options.help ? 0 : 2);
}

if (options.cases !== undefined && options.out !== undefined) record(options.cases, options.out);
else recordAll(join(import.meta.dirname, "cases"));

/** Answers all files of a folder anew; one whose answers are refused by `--check` stays as it was. */
function recordAll(folder: string): void {
  // In the folder itself, so that what is ready can be moved from there.
  const fresh = mkdtempSync(join(folder, ".fresh-"));
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".gz"))
    .sort()) {
    console.log(file);
    if (record(join(folder, file), join(fresh, file))) {
      renameSync(join(fresh, file), join(folder, file));
    }
  }
  rmSync(fresh, { recursive: true });
}

/** Has the JVM answer the cases of a file; gives whether it could, and agrees with what was to be checked. */
function record(cases: string, out: string): boolean {
  const program = [resolve(cases), resolve(out), ...(options.check ? ["check"] : [])];
  // Maven splits its arguments at blanks, so that paths with blanks have to be quoted.
  const quoted = program.map((argument) => `'${argument}'`).join(" ");
  const goal = ["compile", "exec:java", "-Dexec.mainClass=millrace.parity.Cases"];
  const project = join(import.meta.dirname, "jvm");
  try {
    const all = ["-q", "-f", project, ...goal, `-Dexec.args=${quoted}`];
    execFileSync("mvn", all, { stdio: "inherit" });
    return true;
  } catch {
    process.exitCode = 1;
    return false;
  }
}
