import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryDisk } from "../../memory-disk.ts";
import { readWholeFile, writeWholeFile } from "./checkpoint-file.ts";
import { LeaderEpochs, leaderEpochFile } from "./leader-epochs.ts";

function epochsWith(starts: readonly (readonly [epoch: number, start: number])[]) {
  const disk = new MemoryDisk();
  disk.makeDirectory("/p");
  const epochs = new LeaderEpochs(disk, "/p", false);
  for (const [epoch, start] of starts) epochs.begin(epoch, start);
  const text = () => {
    epochs.write({ isSafe: false });
    return readWholeFile(disk, `/p/${leaderEpochFile}`)?.toString();
  };
  return { disk, epochs, text };
}

test("the file is laid out as Kafka's, and read back", () => {
  const { disk, text } = epochsWith([
    [0, 0],
    [3, 17],
  ]);
  assert.equal(text(), "0\n2\n0 0\n3 17\n");
  assert.equal(new LeaderEpochs(disk, "/p", true).latest, 3);
});

test("nothing is written before there is something to write", () => {
  const { text } = epochsWith([]);
  assert.equal(text(), undefined);
});

test("an epoch under which nothing was written gives way to the next", () => {
  const { text } = epochsWith([
    [1, 0],
    [2, 5],
    [3, 5],
  ]);
  assert.equal(text(), "0\n2\n1 0\n3 5\n");
});

test("when the log's start moves, its epoch begins there", () => {
  const { epochs, text } = epochsWith([
    [1, 0],
    [2, 5],
    [4, 9],
  ]);
  epochs.truncateStart(7);
  assert.equal(text(), "0\n2\n2 7\n4 9\n");
  assert.deepEqual([epochs.at(6), epochs.at(8), epochs.at(100)], [undefined, 2, 4]);
});

test("epochs that begin at the end or behind it go with it", () => {
  const { epochs, text } = epochsWith([
    [1, 0],
    [2, 5],
    [4, 9],
  ]);
  epochs.truncateEnd(5);
  assert.equal(text(), "0\n1\n1 0\n");
});

test("the end of an epoch is the start of the next one", () => {
  const { epochs } = epochsWith([
    [2, 5],
    [4, 9],
  ]);
  const ends = [-1, 1, 2, 3, 4, 5].map((epoch) => Object.values(epochs.endOf(epoch, 20)));
  assert.deepEqual(ends, [
    [-1, -1],
    [1, 5],
    [2, 9],
    [2, 9],
    [4, 20],
    [-1, -1],
  ]);
});

test("a damaged file counts as none", () => {
  for (const content of ["", "0\n2\n1 0\n", "0\n1\nx y\n", "1\n1\n1 0\n", "0\n2\n3 5\n2 9\n"]) {
    const { disk } = epochsWith([]);
    writeWholeFile(disk, `/p/${leaderEpochFile}`, content, { isSafe: false });
    assert.equal(new LeaderEpochs(disk, "/p", true).latest, undefined, content);
  }
});
