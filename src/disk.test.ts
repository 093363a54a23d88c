import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { type Disk, type DiskFile, systemDisk } from "./disk.ts";
import { BrokerError } from "./errors.ts";
import { MemoryDisk } from "./memory-disk.ts";

const root = mkdtempSync(join(tmpdir(), "disk-"));
after(() => rmSync(root, { recursive: true, force: true }));

function contentOf(file: DiskFile): Buffer {
  const bytes = Buffer.alloc(file.size());
  assert.equal(file.read(bytes, 0), bytes.length);
  return bytes;
}

function isStorageError(error: unknown): boolean {
  return error instanceof BrokerError && error.code === "KAFKA_STORAGE_ERROR";
}

function bothDisks(name: string, run: (disk: Disk, directory: string) => void | Promise<void>) {
  test(`${name}, on the machine's disk`, async () => {
    const directory = mkdtempSync(join(root, "case-"));
    await run(systemDisk, directory);
  });
  test(`${name}, in memory`, async () => {
    const disk = new MemoryDisk();
    disk.makeDirectory("/case");
    await run(disk, "/case");
  });
}

bothDisks("parts are written one behind the other", async (disk, directory) => {
  const file = disk.open(`${directory}/file`);
  file.write([Buffer.from("ab"), Buffer.from("cd"), Buffer.from("e")], 1);
  file.sync();
  await file.syncInBackground();
  assert.equal(contentOf(file).toString(), "\0abcde");
  file.close();
  file.close();
  assert.equal(disk.sizeOf(`${directory}/file`), 6);
});

bothDisks("what was cut off does not come back", (disk, directory) => {
  const file = disk.open(`${directory}/file`);
  file.write([Buffer.alloc(100_000, 7)], 0);
  file.truncate(3);
  file.truncate(6);
  assert.deepEqual([...contentOf(file)], [7, 7, 7, 0, 0, 0]);
  file.close();
});

bothDisks("a file that is locked is nobody else's until it is released", (disk, directory) => {
  const lock = disk.lock(`${directory}/.lock`);
  assert.ok(lock);
  assert.equal(disk.lock(`${directory}/.lock`), undefined);
  lock.release();
  lock.release();
  const next = disk.lock(`${directory}/.lock`);
  lock.release();
  assert.equal(disk.lock(`${directory}/.lock`), undefined);
  next?.release();
});

bothDisks("a read beyond the end gives what there is", (disk, directory) => {
  const file = disk.open(`${directory}/file`);
  file.write([Buffer.from("abc")], 0);
  assert.deepEqual([file.read(Buffer.alloc(9), 1), file.read(Buffer.alloc(9), 5)], [2, 0]);
  file.close();
});

bothDisks("names are listed, moved and removed", (disk, directory) => {
  disk.makeDirectory(`${directory}/a/b`);
  for (const name of ["z", "y"]) disk.open(`${directory}/a/${name}`).close();
  assert.deepEqual(disk.list(`${directory}/a`), ["b", "y", "z"]);
  disk.rename(`${directory}/a/z`, `${directory}/a/y`);
  disk.rename(`${directory}/a`, `${directory}/c`);
  assert.deepEqual([disk.list(`${directory}/a`), disk.list(`${directory}/c`)], [[], ["b", "y"]]);
  disk.syncDirectory(directory);
  disk.remove(`${directory}/c`);
  disk.remove(`${directory}/c`);
  assert.deepEqual(
    [disk.exists(`${directory}/c`), disk.sizeOf(`${directory}/c/y`)],
    [false, undefined],
  );
});

bothDisks("what cannot be done is a storage error", (disk, directory) => {
  assert.throws(() => disk.open(`${directory}/missing/file`), isStorageError);
  assert.throws(() => disk.rename(`${directory}/missing`, `${directory}/other`), isStorageError);
  assert.throws(() => disk.open(directory).read(Buffer.alloc(1), 0), isStorageError);
});

bothDisks("there is a volume with room", (disk, directory) => {
  const { totalBytes, freeBytes } = disk.space(directory);
  assert.ok(totalBytes > 0 && freeBytes > 0 && freeBytes <= totalBytes);
});

test("more files can be open than there are descriptors for them", () => {
  const directory = mkdtempSync(join(root, "many-"));
  const files = Array.from({ length: 1200 }, (_, index) =>
    systemDisk.open(`${directory}/${index}`),
  );
  for (const [index, file] of files.entries()) file.write([Buffer.from(`${index}`)], 0);
  for (const [index, file] of files.entries()) assert.equal(contentOf(file).toString(), `${index}`);
  for (const file of files) file.close();
  assert.throws(() => files[0]?.size(), isStorageError);
});

test("a file in memory holds what was written, whatever the order and sizes", () => {
  const change = fc.oneof(
    fc.record({
      at: fc.nat(200_000),
      length: fc.nat(100_000),
      fill: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({ size: fc.nat(200_000) }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const file = new MemoryDisk().open("/file");
      let model = Buffer.alloc(0);
      for (const one of changes) {
        const end = "size" in one ? one.size : Math.max(model.length, one.at + one.length);
        const grown = Buffer.alloc(end);
        model.copy(grown);
        model = grown;
        if ("size" in one) file.truncate(one.size);
        else {
          model.fill(one.fill, one.at, one.at + one.length);
          file.write([Buffer.alloc(one.length, one.fill)], one.at);
        }
        assert.ok(contentOf(file).equals(model));
      }
    }),
    { numRuns: 50 },
  );
});
