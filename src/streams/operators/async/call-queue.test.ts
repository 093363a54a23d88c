import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AsyncOrder } from "../../async-options.ts";
import { CallQueue, type QueuedCall } from "./call-queue.ts";

class Call implements QueuedCall {
  readonly lane: unknown;
  readonly number: number;
  isSettled = false;

  constructor(lane: unknown, number: number) {
    this.lane = lane;
    this.number = number;
  }
}

function queueOf(order: AsyncOrder, concurrency = 2, maxPending = 4) {
  return new CallQueue<Call>({ order, concurrency, maxPending });
}

function accept(queue: CallQueue<Call>, ...lanes: readonly unknown[]): Call[] {
  return lanes.map((lane, number) => {
    const call = new Call(lane, number);
    queue.accept(call);
    return call;
  });
}

test("as many calls begin as may be under way at once", () => {
  const queue = queueOf("none");
  const [one, two, three] = accept(queue, "a", "a", "b");
  assert.equal(queue.start(), one);
  assert.equal(queue.hasRoom, true);
  assert.equal(queue.start(), two);
  assert.equal(queue.hasRoom, false);
  assert.equal(queue.start(), undefined);
  queue.settle(two as Call);
  assert.equal(queue.start(), three);
});

test("a call begins when the result of the one before it with its key has gone on, not before", () => {
  const queue = queueOf("key");
  const [first, second] = accept(queue, "a", "a") as [Call, Call];
  assert.equal(queue.start(), first);
  queue.settle(first);
  assert.equal(queue.start(), undefined);
  assert.equal(queue.take(), first);
  queue.finish(first);
  assert.equal(queue.start(), second);
});

test("calls without a key wait for none", () => {
  const queue = queueOf("key");
  const [first, second] = accept(queue, undefined, undefined);
  assert.equal(queue.start(), first);
  assert.equal(queue.start(), second);
});

test("in the order of the partition a result waits for those before it", () => {
  const queue = queueOf("partition");
  const [first, second] = accept(queue, "a", "b") as [Call, Call];
  queue.start();
  queue.start();
  queue.settle(second);
  assert.equal(queue.take(), undefined);
  queue.settle(first);
  assert.equal(queue.take(), first);
  assert.equal(queue.take(), second);
  assert.equal(queue.take(), undefined);
});

test("there is no room once many wait for their key, though fewer calls are under way than could be", () => {
  const queue = queueOf("key");
  const [first] = accept(queue, "a", "a", "a", "a") as [Call];
  queue.start();
  assert.equal(queue.hasRoom, false);
  queue.settle(first);
  queue.take();
  queue.finish(first);
  assert.equal(queue.hasRoom, true);
});

test("a call that is settled as it starts goes on at once, unless its order makes it wait", () => {
  const free = queueOf("key");
  const [one] = accept(free, "a") as [Call];
  free.start();
  assert.equal(free.settleFirst(one), true);
  const ordered = queueOf("partition");
  const [first, second] = accept(ordered, "a", "b") as [Call, Call];
  ordered.start();
  ordered.start();
  assert.equal(ordered.settleFirst(second), false);
  assert.equal(ordered.settleFirst(first), true);
  assert.equal(ordered.take(), second);
});

/** Plays random calls with answers in a random order; gives the numbers as they began and as they went on. */
function play(order: AsyncOrder, lanes: readonly number[], chances: readonly number[]) {
  const queue = queueOf(order, 3, 6);
  const began: Call[] = [];
  const wentOn: Call[] = [];
  const open: Call[] = [];
  const waiting = lanes.map((lane, number) => new Call(lane === 0 ? undefined : lane, number));
  let turn = 0;
  while (waiting.length > 0 || queue.pending > 0) {
    while (queue.hasRoom && waiting.length > 0) {
      queue.accept(waiting.shift() as Call);
      for (let call = queue.start(); call; call = queue.start()) {
        began.push(call);
        open.push(call);
      }
      assert.ok(open.length <= 3 && queue.pending <= 6);
    }
    const chance = chances[turn % chances.length] as number;
    turn += 1;
    const [settled] = open.splice(chance % open.length, 1);
    queue.settle(settled as Call);
    for (let call = queue.take(); call; call = queue.take()) {
      wentOn.push(call);
      queue.finish(call);
    }
    for (let call = queue.start(); call; call = queue.start()) {
      began.push(call);
      open.push(call);
    }
  }
  return { began, wentOn };
}

const lanes = fc.array(fc.nat(3), { minLength: 1, maxLength: 40 });
const chances = fc.array(fc.nat(10), { minLength: 1, maxLength: 20 });

function byLane(calls: readonly Call[]): Map<unknown, number[]> {
  const keyed = calls.filter(({ lane }) => lane !== undefined);
  const groups = Map.groupBy(keyed, ({ lane }) => lane);
  return new Map([...groups].map(([lane, own]) => [lane, own.map(({ number }) => number)]));
}

for (const order of ["key", "partition", "none"] as const) {
  test(`whatever is answered first, every call is made and goes on once, in the order "${order}"`, () => {
    fc.assert(
      fc.property(lanes, chances, (given, random) => {
        const { began, wentOn } = play(order, given, random);
        const numbers = wentOn.map(({ number }) => number);
        const sorted = [...numbers].sort((one, other) => one - other);
        assert.deepEqual(sorted, [...given.keys()]);
        assert.equal(began.length, given.length);
        if (order === "partition") assert.deepEqual(numbers, sorted);
        if (order === "none") return;
        for (const calls of [began, wentOn]) {
          for (const own of byLane(calls).values()) {
            assert.deepEqual(
              own,
              [...own].sort((one, other) => one - other),
            );
          }
        }
      }),
    );
  });
}
