import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/virtual-clock.ts";
import { MemoryDisk } from "../../memory-disk.ts";
import { StateDirectory, type StateDirectoryOptions } from "./state-directory.ts";

const path = "/state/app";

function scene() {
  const disk = new MemoryDisk();
  const clock = new VirtualClock();
  const open = (options: Partial<StateDirectoryOptions> = {}) =>
    StateDirectory.open({ path, disk, clock, ...options });
  /** As an engine does when it opens a task's state. */
  const use = (directory: StateDirectory, taskId: string) => {
    const own = directory.taskDirectory(taskId);
    disk.makeDirectory(own);
    disk.open(`${own}/rows`).close();
  };
  return { disk, clock, open, use };
}

test("one instance at a time has the directory", () => {
  const { open } = scene();
  const first = open();
  assert.throws(() => open(), { code: "STATE_DIRECTORY_LOCKED", message: /stateDir/ });
  first.close();
  first.close();
  open().close();
});

test("an instance keeps its process id over restarts", () => {
  const { open, disk } = scene();
  const first = open();
  first.close();
  const second = open();
  assert.equal(second.processId, first.processId);
  assert.match(first.processId, /^[0-9a-f-]{36}$/);
  second.close();
  const file = disk.open(`${path}/process-id`);
  file.truncate(5);
  file.close();
  const third = open();
  assert.notEqual(third.processId, first.processId);
  third.close();
});

test("an instance without persistent stores leaves nothing, and shares the directory with others", () => {
  const { open, disk } = scene();
  const first = open({ isPersistent: false });
  const second = open({ isPersistent: false });
  assert.notEqual(first.processId, second.processId);
  assert.deepEqual(first.taskIds(), []);
  first.release("0_0");
  first.remove("0_0");
  first.clear();
  assert.equal(disk.exists(path), false);
  first.close();
  second.close();
});

test("the tasks with state are known by their directories", () => {
  const { open, use, disk } = scene();
  const directory = open();
  for (const taskId of ["0_0", "1_11"]) use(directory, taskId);
  disk.makeDirectory(directory.globalDirectory());
  disk.makeDirectory(`${path}/other`);
  assert.deepEqual(directory.taskIds(), ["0_0", "1_11"]);
  directory.remove("0_0");
  assert.deepEqual(directory.taskIds(), ["1_11"]);
  directory.removeGlobal();
  assert.equal(disk.exists(`${path}/global`), false);
  directory.close();
});

test("state that nobody uses for long enough is removed, and what is used stays", async () => {
  const { open, use, clock } = scene();
  const directory = open();
  for (const taskId of ["0_0", "0_1", "0_2"]) use(directory, taskId);
  directory.release("0_0");
  await clock.sleep(500);
  directory.release("0_1");
  await clock.sleep(600);
  assert.deepEqual(directory.removeObsolete(1_000), ["0_0"]);
  assert.deepEqual(directory.taskIds(), ["0_1", "0_2"]);
  use(directory, "0_1");
  await clock.sleep(5_000);
  assert.deepEqual(directory.removeObsolete(1_000), []);
  directory.close();
});

test("the time of state that a crash left in use begins when the next instance sees it", async () => {
  const { open, clock, disk } = scene();
  disk.makeDirectory(`${path}/0_0`);
  const crashed = open();
  await clock.sleep(10_000);
  assert.deepEqual(crashed.removeObsolete(1_000), []);
  await clock.sleep(1_000);
  assert.deepEqual(crashed.removeObsolete(1_000), ["0_0"]);
  crashed.close();
});

test("state is cleared only when no task uses it", () => {
  const { open, use } = scene();
  const directory = open();
  use(directory, "0_0");
  assert.throws(() => directory.clear(), { code: "INVALID_STATE", message: /0_0/ });
  directory.release("0_0");
  directory.clear();
  assert.deepEqual(directory.taskIds(), []);
  directory.close();
  assert.throws(() => directory.taskDirectory("0_0"), { code: "CLOSED" });
});
