import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";

const root = join(import.meta.dirname, "..");
/** Inside the repository, so that `millrace` is found as users find it. */
const folder = join(root, ".types");
after(() => rmSync(folder, { recursive: true, force: true }));

/** With `UPDATE_GOLDEN=1` the transcripts are written down anew. */
const isRecording = process.env.UPDATE_GOLDEN === "1";

/** An expression and what the compiler says of it; or a remark. */
interface Entry {
  readonly head: string;
  readonly outcome: readonly string[];
}

test("the types of common chains are short, and common mistakes are told in a few lines", () => {
  const hovers = readTranscript("hovers");
  const mistakes = readTranscript("mistakes");
  const errors = compile({ hovers: expressionsOf(hovers), mistakes: expressionsOf(mistakes) });
  const types = declaredTypes();
  check("hovers", hovers, (index) => [
    types.get(index) ?? "?",
    ...(errors.hovers?.get(index) ?? []),
  ]);
  check("mistakes", mistakes, (index) => errors.mistakes?.get(index) ?? ["compiles"]);
});

function readTranscript(name: string): Entry[] {
  const entries: { head: string; outcome: string[] }[] = [];
  for (const line of readFileSync(fileOf(name), "utf8").trimEnd().split("\n")) {
    if (/^[>#]/.test(line)) entries.push({ head: line, outcome: [] });
    else if (line !== "") entries.at(-1)?.outcome.push(line);
  }
  return entries;
}

function fileOf(name: string): string {
  return join(root, "test", "golden", "types", `${name}.txt`);
}

function expressionsOf(entries: readonly Entry[]): string[] {
  return entries.filter(({ head }) => head.startsWith(">")).map(({ head }) => head.slice(2));
}

/** Asserts that the transcript says what the compiler says of its expressions, or writes that down. */
function check(name: string, entries: readonly Entry[], said: (index: number) => string[]): void {
  let index = -1;
  const fresh = entries.map(({ head }) => {
    if (head.startsWith("#")) return { head, outcome: [] };
    index += 1;
    return { head, outcome: said(index) };
  });
  if (isRecording) writeFileSync(fileOf(name), format(fresh));
  else assert.equal(format(fresh), format(entries));
}

function format(entries: readonly Entry[]): string {
  return entries.flatMap(({ head, outcome }) => [head, ...outcome, ""]).join("\n");
}

const imports = `
import { float64, int64, json, session, string, tumbling } from "millrace";
import { TopologyTestDriver } from "millrace/testing";
import { builder, clicks, type Order, orders, places, readings, regions, type User, users } from "../test/types/program.ts";
`;
const headerLines = imports.trim().split("\n").length;

/** Compiles files of one expression a line; gives the errors by file and expression. */
function compile(files: { readonly [name: string]: readonly string[] }) {
  mkdirSync(folder, { recursive: true });
  for (const [name, expressions] of Object.entries(files)) {
    const lines = expressions.map((one, index) => `export const said${index} = ${one};`);
    writeFileSync(join(folder, `${name}.ts`), `${imports.trim()}\n${lines.join("\n")}\n`);
  }
  const compilerOptions = {
    noEmit: false,
    emitDeclarationOnly: true,
    declaration: true,
    outDir: "declared",
    rootDir: "..",
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const tsconfig = { extends: "../tsconfig.json", compilerOptions, include: ["*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { stdout } = spawnSync(tsc, ["-p", folder], { cwd: folder, encoding: "utf8" });
  return errorsIn(stdout);
}

function errorsIn(output: string) {
  const errors: { [file: string]: Map<number, string[]> } = {};
  let current: string[] | undefined;
  for (const line of output.split("\n")) {
    const [, file, at, message] = /^(\w+)\.ts\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? [];
    if (message !== undefined) {
      const index = Number(at) - headerLines - 1;
      errors[file as string] ??= new Map();
      const byIndex = errors[file as string] as Map<number, string[]>;
      current = byIndex.get(index) ?? [];
      byIndex.set(index, current);
      current.push(`  ${message}`);
    } else if (/^ +\S/.test(line)) {
      current?.push(`  ${line}`);
    } else {
      current = undefined;
    }
  }
  return errors;
}

/** The types that the compiler declares for the expressions, each on one line. */
function declaredTypes(): Map<number, string> {
  const text = readFileSync(join(folder, "declared", ".types", "hovers.d.ts"), "utf8");
  const declarations = text.matchAll(/export declare const said(\d+): ([\s\S]*?);\n(?=export|$)/g);
  const plain = (type: string) =>
    type.replaceAll(/import\("[^"]*"\)\./g, "").replaceAll(/\s+/g, " ");
  return new Map(
    [...declarations].map(([, index, type = ""]) => [Number(index), `  ${plain(type)}`]),
  );
}
