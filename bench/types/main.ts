/**
 * What a program costs the type checker: seconds, memory and instantiations of types by the number of operators
 * in one chain, against the declarations that are published. Run: `npm run bench:types`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chain } from "./program.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".types-bench");
const tsc = join(root, "node_modules", ".bin", "tsc");
const rounds = 5;

/** What `tsc --extendedDiagnostics` tells. */
interface Diagnostics {
  readonly checkSeconds: number;
  readonly totalSeconds: number;
  readonly instantiations: number;
  readonly types: number;
  readonly memoryBytes: number;
}

try {
  declare();
  const rows = [0, 10, 50, 100, 200].map((operators) => ({ operators, ...cost(operators) }));
  const [none] = rows;
  console.table(
    rows.map(({ operators, ...figures }) => ({
      operators,
      "check s": figures.checkSeconds.toFixed(3),
      "total s": figures.totalSeconds.toFixed(2),
      instantiations: figures.instantiations,
      "instantiations/operator":
        operators === 0 ? "" : perOperator(figures.instantiations, none?.instantiations, operators),
      types: figures.types,
      "memory MB": Math.round(figures.memoryBytes / 1024 / 1024),
    })),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function perOperator(all: number, none = 0, operators: number): string {
  return ((all - none) / operators).toFixed(0);
}

/** Writes the package's declarations, as they are published. */
function declare(): void {
  mkdirSync(folder, { recursive: true });
  const options = ["--emitDeclarationOnly", "--outDir", join(folder, "millrace")];
  const { status, stdout } = spawnSync(tsc, ["-p", join(root, "tsconfig.build.json"), ...options], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the package does not compile:\n${stdout}`);
}

/** The median of several runs of the compiler over a chain of so many operators, all in one file. */
function cost(operators: number): Diagnostics {
  writeFileSync(join(folder, "program.ts"), chain(operators));
  const compilerOptions = {
    noUnusedLocals: false,
    paths: { millrace: ["./millrace/index.d.ts"] },
  };
  const tsconfig = { extends: "../tsconfig.json", compilerOptions, include: ["program.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  const runs = Array.from({ length: rounds }, diagnose);
  runs.sort((one, other) => one.checkSeconds - other.checkSeconds);
  return runs[Math.floor(rounds / 2)] as Diagnostics;
}

function diagnose(): Diagnostics {
  const options = ["--extendedDiagnostics", "--singleThreaded", "-p", folder];
  const { stdout, status } = spawnSync(tsc, options, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the program does not compile:\n${stdout}`);
  const read = (name: string) => {
    const [, figure] = new RegExp(`^${name}: +([\\d.]+)`, "m").exec(stdout) ?? [];
    if (figure === undefined) throw new Error(`the compiler tells no ${name}:\n${stdout}`);
    return Number(figure);
  };
  return {
    checkSeconds: read("Check time"),
    totalSeconds: read("Total time"),
    instantiations: read("Instantiations"),
    types: read("Types"),
    memoryBytes: read("Memory used") * 1024,
  };
}
