import { createRequire } from "node:module";
import { test } from "node:test";
import { engineSuite } from "../../../test/engine-suite.ts";
import { rocksdb } from "./rocksdb.ts";

if (isInstalled("@nxtedition/rocksdb")) engineSuite(rocksdb());
else test("rocksdb: its package is not installed, so there is nothing to test", () => {});

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
