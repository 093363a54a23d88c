import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "../../examples");

for (const name of readdirSync(folder).filter((one) => one.endsWith(".ts"))) {
  test(`the example ${name} runs to its end`, { timeout: 120_000 }, () => {
    const command = ["--conditions=millrace-source", join(folder, name)];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
  });
}
