import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readCases } from "./parity/case-file.ts";
import { difference } from "./parity/difference.ts";
import { runCase } from "./parity/run.ts";

const folder = join(import.meta.dirname, "parity", "cases");

for (const file of readdirSync(folder).sort()) {
  test(`every case of ${file} gets the answer that the JVM gives`, () => {
    const cases = readCases(join(folder, file));
    const differing = cases.flatMap((one) => {
      const differs = difference(one, runCase(one));
      return differs === undefined ? [] : [`${one.name}: ${differs}`];
    });
    assert.deepEqual(differing, []);
    assert.ok(cases.length >= 80, `${file} has only ${cases.length} cases`);
  });
}
