import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Worker } from "node:worker_threads";
import { lockFile } from "./disk-lock.ts";

const root = mkdtempSync(join(tmpdir(), "disk-lock-"));
after(() => rmSync(root, { recursive: true, force: true }));

const source = new URL("./disk-lock.ts", import.meta.url).href;

function newPath(): string {
  return join(mkdtempSync(join(root, "case-")), ".lock");
}

test("a file that is locked is nobody else's until it is released", () => {
  const path = newPath();
  const lock = lockFile(path);
  assert.ok(lock);
  assert.equal(lockFile(path), undefined);
  lock.release();
  lock.release();
  const next = lockFile(path);
  assert.ok(next);
  next.release();
});

test("a locked file is empty and alone, as Kafka leaves it", () => {
  const path = newPath();
  const lock = lockFile(path);
  assert.deepEqual(readdirSync(join(path, "..")), [".lock"]);
  assert.equal(statSync(path).size, 0);
  lock?.release();
  assert.deepEqual(readdirSync(join(path, "..")), [".lock"]);
});

test("a lock ends with its process, however that ends", async () => {
  const path = newPath();
  const program = `
    const { lockFile } = await import(${JSON.stringify(source)});
    globalThis.lock = lockFile(${JSON.stringify(path)});
    console.log(globalThis.lock ? "locked" : "taken");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(child.stdout, "data");
  assert.equal(String(said).trim(), "locked");
  assert.equal(lockFile(path), undefined);
  child.kill("SIGKILL");
  await once(child, "exit");
  const lock = lockFile(path);
  assert.ok(lock);
  lock.release();
});

test("a thread of the same process does not get the file either", async () => {
  const path = newPath();
  const lock = lockFile(path);
  const program = `
    import { parentPort } from "node:worker_threads";
    const { lockFile } = await import(${JSON.stringify(source)});
    parentPort.postMessage(lockFile(${JSON.stringify(path)}) === undefined);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  const [isTaken] = await once(worker, "message");
  await once(worker, "exit");
  assert.equal(isTaken, true);
  // The thread's attempt has not taken the lock away from this one.
  assert.equal(lockFile(path), undefined);
  lock?.release();
});

test("what cannot be locked is an error with the file's name", () => {
  const path = newPath();
  writeFileSync(path, "not a database, and long enough to be looked at as one".repeat(4));
  const error = { code: "KAFKA_STORAGE_ERROR", message: /could not lock .*\.lock/ };
  assert.throws(() => lockFile(path), error);
  assert.throws(() => lockFile(join(path, "..", "missing", ".lock")), error);
});
