import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Case } from "./case.ts";

/** Reads a file of cases: JSON lines, plain or compressed with gzip. */
export function readCases(path: string): Case[] {
  const bytes = readFileSync(path);
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isCompressed ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Case);
}

/** Writes cases, with or without answers, as JSON lines; compressed if the name ends in `.gz`. */
export function writeCases(path: string, cases: readonly Omit<Case, "answer">[]): void {
  const text = cases.map((one) => `${JSON.stringify(one)}\n`).join("");
  writeFileSync(path, path.endsWith(".gz") ? gzipSync(text, { level: 9 }) : text);
}
