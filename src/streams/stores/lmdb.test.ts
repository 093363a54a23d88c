import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { engineSuite } from "../../../test/engine-suite.ts";
import { systemClock } from "../../clock.ts";
import { lmdb } from "./lmdb.ts";

engineSuite(lmdb());
engineSuite({ ...lmdb({ durability: "system" }), name: "lmdb with syncs" });

test("state that was open when the machine went down is thrown away", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-lmdb-"));
  const first = await lmdb().open(directory);
  first.rows("a").put(Buffer.from("k"), Buffer.from("1"));
  first.commit(new Map([["a", 1]]));
  await first.close();
  writeFileSync(join(directory, "open-in-boot"), "another boot");
  const second = await lmdb().open(directory);
  assert.equal(second.rows("a").get(Buffer.from("k")), null);
  assert.equal(second.offset("a"), undefined);
  await second.close();
  rmSync(directory, { recursive: true, force: true });
});

test("hundreds of stores and segments live in one environment", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-lmdb-"));
  const state = await lmdb().open(directory);
  const names = Array.from({ length: 500 }, (_, index) => `store.${index * 60_000}`);
  for (const name of names) state.rows(name).put(Buffer.from("k"), Buffer.from(name));
  state.commit(new Map());
  for (const name of names) {
    assert.equal(state.rows(name).get(Buffer.from("k"))?.toString(), name);
  }
  assert.equal(state.names().length, 500);
  await state.close();
  rmSync(directory, { recursive: true, force: true });
});

test("a task can have thousands of stores and segments, any number over time, and is told when there are too many", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-lmdb-"));
  const state = await lmdb().open(directory);
  const value = Buffer.from("v");
  for (let index = 0; index < 6_000; index += 1) {
    state.rows(`passing#${index}`).put(value, value);
    if (index > 0) state.drop(`passing#${index - 1}`);
    state.commit(new Map());
  }
  assert.deepEqual(state.names(), ["passing#5999"]);
  const openAll = () => {
    for (let index = 0; index < 6_000; index += 1) state.rows(`staying#${index}`);
  };
  assert.throws(openAll, {
    code: "INVALID_STATE",
    message: /no room for staying#\d{4} in the state of its task, which has 4096/,
  });
  await state.close();
  rmSync(directory, { recursive: true, force: true });
});

test("a snapshot does not move when rows are committed after it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-lmdb-"));
  const state = await lmdb().open(directory);
  const put = (key: string, value: string) => {
    state.rows("a").put(Buffer.from(key), Buffer.from(value));
    state.commit(new Map());
  };
  put("k", "1");
  const snapshot = state.snapshot({ clock: systemClock, ms: 60_000 });
  put("k", "2");
  put("l", "3");
  const read = () =>
    [...snapshot.rows("a").range(undefined, undefined)].map((row) => row.join("=")).join(" ");
  assert.equal(read(), "k=1");
  assert.equal(snapshot.rows("a").get(Buffer.from("k"))?.toString(), "1");
  snapshot.close();
  await state.close();
  rmSync(directory, { recursive: true, force: true });
});

test("state whose file is not lmdb's is thrown away", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-lmdb-"));
  for (const spoilt of [Buffer.alloc(8192, 7), Buffer.alloc(100), Buffer.alloc(0)]) {
    const first = await lmdb().open(directory);
    first.rows("a").put(Buffer.from("k"), Buffer.from("v"));
    first.commit(new Map([["a", 3]]));
    await first.close();
    writeFileSync(join(directory, "rows.mdb"), spoilt);
    const second = await lmdb().open(directory);
    assert.equal(second.offset("a"), undefined);
    assert.equal(second.rows("a").get(Buffer.from("k")), null);
    await second.close();
  }
  rmSync(directory, { recursive: true, force: true });
});

test("state whose directory was removed while it was open can be closed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-lmdb-"));
  const state = await lmdb().open(directory);
  rmSync(directory, { recursive: true, force: true });
  state.rows("a").put(Buffer.from("k"), Buffer.from("v"));
  state.commit(new Map());
  await state.close();
  const second = await lmdb().open(directory);
  assert.equal(second.rows("a").get(Buffer.from("k")), null);
  await second.close();
  rmSync(directory, { recursive: true, force: true });
});
