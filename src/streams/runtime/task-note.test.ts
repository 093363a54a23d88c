import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeTaskNote, encodeTaskNote } from "./task-note.ts";

const processId = "0f0e0d0c-0b0a-4908-8706-050403020100";

test("a note comes through as it was written", () => {
  const note = {
    processId,
    offsets: new Map([
      ["0_0", 12],
      ["3_17", 2 ** 40],
    ]),
  };
  assert.deepEqual(decodeTaskNote(encodeTaskNote(note)), note);
});

test("what a later version has appended is passed over", () => {
  const bytes = Buffer.concat([encodeTaskNote({ processId, offsets: new Map() }), Buffer.of(1, 2)]);
  bytes.writeInt16BE(2);
  assert.equal(decodeTaskNote(bytes)?.processId, processId);
});

test("a member without a note that makes sense has none", () => {
  assert.equal(decodeTaskNote(null), undefined);
  assert.equal(decodeTaskNote(Buffer.alloc(0)), undefined);
  assert.equal(decodeTaskNote(Buffer.from([0, 0, 1])), undefined);
  assert.equal(
    decodeTaskNote(encodeTaskNote({ processId, offsets: new Map() }).subarray(0, 9)),
    undefined,
  );
});
