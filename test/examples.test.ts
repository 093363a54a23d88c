import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "../examples");
/** An example is one file, or a folder that begins in its `main.ts`. */
const programs = readdirSync(folder)
  .map((name) => (name.endsWith(".ts") ? name : join(name, "main.ts")))
  .filter((path) => existsSync(join(folder, path)));

for (const path of programs) {
  test(`the example ${path} runs to its end`, { timeout: 120_000 }, () => {
    const command = ["--conditions=millrace-source", join(folder, path)];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
  });
}
