import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/virtual-clock.ts";
import { HeldMemory, type MemoryHolder } from "./held-memory.ts";

class Holder implements MemoryHolder {
  lastActiveAt = 0;
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

test("all who hold memory without moving while others wait lose it", async () => {
  const clock = new VirtualClock();
  const memory = new HeldMemory(100, clock);
  const [idle, busy, waiting] = [new Holder(memory), new Holder(memory), new Holder(memory)];
  const others = [new Holder(memory), new Holder(memory)];
  for (const one of [idle, busy, ...others]) memory.hold(one, 60);
  memory.wait(waiting);
  await clock.sleep(1_900);
  assert.deepEqual(idle.told, []);
  busy.lastActiveAt = clock.elapsed();
  await clock.sleep(200);
  assert.deepEqual(
    [idle, ...others].flatMap(({ told }) => told),
    Array(3).fill("give up"),
  );
  assert.deepEqual(busy.told, []);
  assert.deepEqual(waiting.told, ["proceed"]);
});

test("who holds memory for very long while others wait loses it, though it is moving", async () => {
  const clock = new VirtualClock();
  const memory = new HeldMemory(100, clock);
  const [busy, waiting] = [new Holder(memory), new Holder(memory)];
  memory.hold(busy, 100);
  memory.wait(waiting);
  for (let second = 0; second < 9; second += 1) {
    await clock.sleep(1_000);
    busy.lastActiveAt = clock.elapsed();
  }
  assert.deepEqual(busy.told, []);
  await clock.sleep(1_100);
  assert.deepEqual(busy.told, ["give up"]);
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

test("the share of those who come later shrinks, to nothing when half is held", () => {
  const memory = new HeldMemory(1_600, new VirtualClock());
  assert.equal(memory.share, 100);
  memory.hold(new Holder(memory), 400);
  assert.equal(memory.share, 50);
  memory.hold(new Holder(memory), 600);
  assert.equal(memory.share, 0);
  assert.equal(memory.isFull, false);
});
