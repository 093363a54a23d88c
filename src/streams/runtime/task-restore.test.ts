import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/manual-clock.ts";
import { noHeaders } from "../message.ts";
import type { TaskState } from "../stores/engine.ts";
import { memoryEngine } from "../stores/memory.ts";
import { SingleRecord } from "../testing/single-record.ts";
import { ChangelogRestore } from "./changelog-restore.ts";
import type { RawRecords } from "./record-queue.ts";
import { TaskRestore } from "./task-restore.ts";

test("rows are committed now and then, with the offsets of all stores of a state", async () => {
  const { state, commits } = notedState();
  const [one, other] = [restoreOf("one", state, 0, 5_000), restoreOf("other", state, 7, 9)];
  const task = new TaskRestore("0_0", [one, other], new ManualClock());
  assert.equal(task.finishIfDone(), false);
  one.take(records(0, 1_000), () => false);
  assert.equal(task.isCommitDue, true);
  task.commit();
  assert.equal(task.isCommitDue, false);
  one.take(records(1_000, 5_000), () => false);
  other.passTo(100);
  assert.equal(task.finishIfDone(), true);
  assert.equal(await task.outcome, "restored");
  assert.deepEqual(commits, [
    [
      ["one", 1_000],
      ["other", 7],
    ],
    [
      ["one", 5_000],
      ["other", 9],
    ],
  ]);
});

test("commits that take long are made of fewer rows, short ones of more", async () => {
  const clock = new ManualClock();
  let commitMs = 0;
  const { state } = notedState(() => clock.advance(commitMs));
  const changelog = restoreOf("one", state, 0, 1_000_000);
  const task = new TaskRestore("0_0", [changelog], clock);
  const rowsUntilCommit = () => {
    const before = changelog.restored;
    while (!task.isCommitDue) {
      changelog.take(records(changelog.offset, changelog.offset + 50), () => false);
    }
    task.commit();
    return changelog.restored - before;
  };
  assert.equal(rowsUntilCommit(), 1_000);
  assert.equal(rowsUntilCommit(), 1_500);
  commitMs = 20;
  rowsUntilCommit();
  const few = Array.from({ length: 10 }, rowsUntilCommit).at(-1) as number;
  assert.equal(few, 100);
});

test("a restoration that is stopped keeps what it has, and then leaves its stores alone", async () => {
  const { state, commits } = notedState();
  const restore = restoreOf("one", state, 0, 100);
  const task = new TaskRestore("0_0", [restore], new ManualClock());
  restore.take(records(0, 30), () => false);
  task.stop(new Error("revoked"));
  task.stop(new Error("again"));
  task.endAsStale();
  assert.equal(task.isOpen, false);
  restore.passTo(100);
  assert.equal(task.finishIfDone(), false);
  await assert.rejects(task.outcome, /revoked/);
  assert.deepEqual(commits, [[["one", 30]]]);
});

test("records are taken in up to the end that was set, and from where the last slice ended", () => {
  const { state } = notedState();
  const taken: string[] = [];
  const restore = restoreOf("one", state, 0, 200, (key) => taken.push(key.toString()));
  const cursor = records(0, 300);
  let isLate = false;
  assert.equal(
    restore.take(cursor, () => {
      isLate = !isLate;
      return isLate;
    }),
    false,
  );
  assert.equal(restore.offset, 64);
  assert.equal(
    restore.take(cursor, () => false),
    true,
  );
  assert.equal(restore.offset, 200);
  assert.equal(taken.length, 200);
  assert.equal(new Set(taken).size, 200);
});

function restoreOf(
  storeName: string,
  state: TaskState,
  from: number,
  to: number,
  restore: (key: Buffer) => void = () => {},
): ChangelogRestore {
  const store = { name: storeName, isPersistent: true, flush() {}, close() {} };
  const changelog = { topic: storeName, partition: 0, storeName, isSourceTopic: false, state };
  return new ChangelogRestore({ ...changelog, store: { store, restore } }, from, to);
}

function notedState(onCommit = () => {}) {
  const commits: [string, number][][] = [];
  const state = memoryEngine.open();
  const commit = (offsets: ReadonlyMap<string, number>) => {
    commits.push([...offsets]);
    onCommit();
  };
  return { state: Object.assign(Object.create(state), { commit }) as TaskState, commits };
}

/** Records whose keys are their offsets. */
function records(from: number, to: number): RawRecords {
  let at = from;
  let record: SingleRecord;
  return {
    get record() {
      return record;
    },
    next() {
      if (at >= to) return false;
      const content = { key: Buffer.from(`${at}`), value: null, headers: noHeaders };
      record = new SingleRecord({ ...content, topic: "t", partition: 0, timestamp: 0 }, at);
      at += 1;
      return true;
    },
  };
}
