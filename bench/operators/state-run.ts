import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TaskState } from "../../src/streams/stores/engine.ts";
import { lmdb } from "../../src/streams/stores/lmdb.ts";
import { memoryEngine } from "../../src/streams/stores/memory.ts";
import { rocksdb } from "../../src/streams/stores/rocksdb.ts";

/** Run as a process of its own, since memory that was given back is not always gone. */
const [engine = "memory", keysText] = process.argv.slice(2);
const keys = Number(keysText);
const valueBytes = 100;
const rowsPerCommit = 10_000;

const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
try {
  const state = await open();
  console.log(JSON.stringify(await measure(state)));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** What so many rows take, with keys of 20 and values of 100 bytes, and what reading and writing costs. */
async function measure(state: TaskState) {
  const rows = state.rows("rows");
  globalThis.gc?.();
  const before = process.memoryUsage();
  const writing = process.cpuUsage();
  for (let index = 0; index < keys; index += 1) {
    rows.put(keyOf(index), rowValue(index));
    if (index % rowsPerCommit === rowsPerCommit - 1) state.commit(new Map());
  }
  state.commit(new Map());
  const written = process.cpuUsage(writing);
  globalThis.gc?.();
  const after = process.memoryUsage();
  const reading = process.cpuUsage();
  for (let index = 0; index < keys; index += 1) {
    const at = Math.imul(index, 7919) % keys;
    if (!rows.get(keyOf(Math.abs(at)))) throw new Error(`row ${at} is missing`);
  }
  const read = process.cpuUsage(reading);
  const own = (usage: NodeJS.MemoryUsage) => usage.heapUsed + usage.external;
  await state.close();
  return {
    writeNanoseconds: ((written.user + written.system) / keys) * 1e3,
    readNanoseconds: ((read.user + read.system) / keys) * 1e3,
    /** Of the process: with what the engine keeps outside of the heap, and files mapped into memory. */
    residentBytes: after.rss - before.rss,
    heapBytes: own(after) - own(before),
    diskBytes: sizeOf(directory),
  };
}

/** Spread, so that rows do not come in the order of their keys. */
function keyOf(index: number): Buffer {
  const text = (Math.imul(index, 2_654_435_761) >>> 0).toString(16).padStart(8, "0");
  return Buffer.from(`${text}-${String(index).padStart(11, "0")}`);
}

/** Bytes of which half are the same in all, so that compression has something to do, as in truth. */
function rowValue(index: number): Buffer {
  const value = Buffer.alloc(valueBytes, "abcdefghij");
  let state = index + 1;
  for (let at = 0; at < valueBytes / 2; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    value[at] = state >>> 24;
  }
  return value;
}

function sizeOf(path: string): number {
  const files = readdirSync(path, { recursive: true, encoding: "utf8" });
  return files
    .map((file) => statSync(join(path, file)))
    .reduce((sum, file) => (file.isFile() ? sum + file.blocks * 512 : sum), 0);
}

function open(): TaskState | Promise<TaskState> {
  if (engine === "lmdb") return lmdb().open(directory);
  return engine === "rocksdb" ? rocksdb().open(directory) : memoryEngine.open();
}
