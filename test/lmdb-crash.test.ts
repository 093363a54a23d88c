import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { lmdb } from "../src/streams/stores/lmdb.ts";

const rounds = 4;

test("a process killed while it commits leaves stores and offsets of one and the same commit", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-lmdb-crash-"));
  for (let round = 0; round < rounds; round += 1) {
    const acknowledged = await killAfter(directory, 20 + round * 37);
    const state = await lmdb().open(directory);
    const read = (rows: string, key: string) =>
      Number(state.rows(rows).get(Buffer.from(key))?.toString());
    const offset = state.offset("a");
    assert.ok(offset !== undefined && offset >= acknowledged);
    assert.deepEqual([read("a", "n"), read("b", "n")], [offset, offset]);
    for (let index = 0; index < 50; index += 1) {
      assert.equal(read("a", `${index}`), offset);
      assert.equal(read(`b.${offset % 5}`, `${index}`), offset);
    }
    await state.close();
  }
  rmSync(directory, { recursive: true, force: true });
});

/** Runs the child until it has committed so often, and kills it; gives the last commit it told of. */
async function killAfter(directory: string, commits: number): Promise<number> {
  const script = join(import.meta.dirname, "lmdb-crash-child.ts");
  const child = spawn(process.execPath, ["--conditions=millrace-source", script, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = 0;
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    count += 1;
    if (count === commits) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  assert.equal(child.signalCode, "SIGKILL");
  return last;
}
