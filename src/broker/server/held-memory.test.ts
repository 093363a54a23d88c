import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/virtual-clock.ts";
import { HeldMemory, type MemoryHolder } from "./held-memory.ts";

class Holder implements MemoryHolder {
  readonly told: string[] = [];
  readonly #memory: HeldMemory;

  constructor(memory: HeldMemory) {
    this.#memory = memory;
  }

  proceed(): void {
    this.told.push("proceed");
  }

  giveUp(): void {
    this.told.push("give up");
    this.#memory.release(this);
  }
}

test("who waits goes on as soon as there is room", () => {
  const memory = new HeldMemory(100, new VirtualClock());
  const [first, second] = [new Holder(memory), new Holder(memory)];
  memory.hold(first, 100);
  assert.ok(memory.isFull);
  memory.wait(second);
  memory.release(first);
  assert.deepEqual(second.told, ["proceed"]);
  assert.equal(memory.bytes, 0);
});

test("who holds memory for too long while others wait loses it, the oldest first", async () => {
  const clock = new VirtualClock();
  const memory = new HeldMemory(100, clock);
  const [oldest, older, waiting] = [new Holder(memory), new Holder(memory), new Holder(memory)];
  memory.hold(oldest, 60);
  memory.hold(older, 60);
  memory.wait(waiting);
  await clock.sleep(9_999);
  assert.deepEqual(oldest.told, []);
  await clock.sleep(2);
  assert.deepEqual(oldest.told, ["give up"]);
  assert.deepEqual(older.told, []);
  assert.deepEqual(waiting.told, ["proceed"]);
});

test("who holds memory that nobody waits for keeps it", async () => {
  const clock = new VirtualClock();
  const memory = new HeldMemory(100, clock);
  const holder = new Holder(memory);
  memory.hold(holder, 500);
  await clock.sleep(100_000);
  assert.deepEqual(holder.told, []);
  assert.equal(memory.bytes, 500);
});
