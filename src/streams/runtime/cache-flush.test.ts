import assert from "node:assert/strict";
import { test } from "node:test";
import type { StateStore } from "../stores/state-store.ts";
import { CacheFlush } from "./cache-flush.ts";

test("caches are written through in slices, store by store", () => {
  const [first, second] = [new Rows("first", 5), new Rows("second", 3)];
  const flush = new CacheFlush([first, second]);
  const slices: string[] = [];
  while (!flush.some(2)) slices.push(`${first.waiting},${second.waiting}`);
  slices.push(`${first.waiting},${second.waiting}`);
  assert.deepEqual(slices, ["3,3", "1,3", "0,2", "0,0"]);
});

test("one slice goes over many stores", () => {
  const stores = [new Rows("a", 2), new Rows("b", 0), new Rows("c", 3)];
  assert.equal(new CacheFlush(stores).some(10), true);
  assert.deepEqual(
    stores.map(({ waiting }) => waiting),
    [0, 0, 0],
  );
});

test("rows that a flush itself leads to wait for the next one", () => {
  const store = new Rows("a", 3, true);
  const flush = new CacheFlush([store]);
  while (!flush.some(2));
  assert.equal(store.waiting, 3);
  assert.equal(store.written, 3);
});

test("rows that reach a later store are written through along with its own", () => {
  const second = new Rows("second", 1);
  const first = new Rows("first", 4);
  first.onWrite = () => {
    second.waiting += 1;
  };
  while (!new CacheFlush([first, second]).some(100));
  assert.equal(second.written, 5);
});

test("a store without a cache is flushed", () => {
  let flushes = 0;
  const store = { name: "a", isPersistent: false, flush: () => flushes++, close: () => {} };
  new CacheFlush([store]).some(10);
  assert.equal(flushes, 1);
});

/** As a cached store: how many rows wait. */
class Rows implements StateStore {
  readonly name: string;
  readonly isPersistent = false;
  waiting: number;
  written = 0;
  onWrite = () => {};

  constructor(name: string, waiting: number, answersItself = false) {
    this.name = name;
    this.waiting = waiting;
    if (answersItself) this.onWrite = () => void this.waiting++;
  }

  flushSlice(maxRows: number): number {
    for (let left = Math.min(maxRows, this.waiting); left > 0; left -= 1) {
      this.waiting -= 1;
      this.written += 1;
      this.onWrite();
    }
    return this.waiting;
  }

  flush(): void {
    this.flushSlice(this.waiting);
  }

  close(): void {}
}
