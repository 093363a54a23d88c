import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { advanceSequence, RecordBatch } from "../../protocol/record-batch.ts";
import { RecordBatchBuilder } from "../../protocol/record-batch-builder.ts";
import { Batch } from "./batch.ts";
import type { Identities, ProducerIdentity } from "./identity.ts";
import { PartitionQueue, type QueueRules } from "./partition-queue.ts";
import type { Verdict } from "./verdict.ts";

const place = { topic: "orders", partition: 0 };

class LocalIdentities implements Identities {
  identity: ProducerIdentity | undefined = { producerId: 7, producerEpoch: 0 };

  newerThan(stale: ProducerIdentity): ProducerIdentity | undefined {
    if (this.identity === stale) {
      this.identity = { producerId: 7, producerEpoch: stale.producerEpoch + 1 };
    }
    return this.identity;
  }
}

function queueWith(rules: Partial<QueueRules> = {}): PartitionQueue {
  const identities = new LocalIdentities();
  const all = { maxInFlight: 5, identities, isTransactional: false, ...rules };
  return new PartitionQueue(place.topic, place.partition, all);
}

function add(queue: PartitionQueue, records = 1, createdAt = 0): Batch {
  const batch = new Batch(place, new RecordBatchBuilder({ capacity: 256 }), createdAt);
  for (let index = 0; index < records; index += 1) {
    batch.append(0, null, "value", undefined, undefined);
  }
  queue.open = batch;
  queue.closeOpen();
  return batch;
}

function establish(queue: PartitionQueue): void {
  add(queue);
  queue.settle(queue.take(0) as Batch, "written", 0);
}

function takeAll(queue: PartitionQueue): Batch[] {
  const taken: Batch[] = [];
  for (let batch = queue.take(0); batch; batch = queue.take(0)) taken.push(batch);
  return taken;
}

test("batches are numbered by their records, one after the other", () => {
  const queue = queueWith();
  establish(queue);
  add(queue, 3);
  add(queue, 2);
  assert.deepEqual(
    takeAll(queue).map(({ baseSequence }) => baseSequence),
    [1, 4],
  );
});

test("until the broker knows the producer, one batch is on its way at a time", () => {
  const queue = queueWith();
  const batches = [add(queue), add(queue), add(queue)];
  assert.deepEqual(takeAll(queue), batches.slice(0, 1));
  queue.settle(batches[0] as Batch, "written", 0);
  assert.deepEqual(takeAll(queue), batches.slice(1));
});

test("no more batches are on their way than the broker remembers", () => {
  const queue = queueWith();
  establish(queue);
  for (let count = 0; count < 8; count += 1) add(queue);
  assert.equal(takeAll(queue).length, 5);
});

test("without idempotence one batch is on its way at a time, without a number", () => {
  const queue = queueWith({ identities: undefined, maxInFlight: 1 });
  const [first] = [add(queue), add(queue)];
  assert.deepEqual(takeAll(queue), [first]);
  assert.equal(first.baseSequence, -1);
});

test("after a failure all that is on its way comes back before anything goes again, in order", () => {
  const queue = queueWith();
  establish(queue);
  const [a, b, c] = [add(queue), add(queue), add(queue)];
  takeAll(queue);
  assert.equal(queue.settle(a, "again", 0), "again");
  assert.equal(queue.take(0), undefined);
  assert.equal(queue.settle(b, "gap", 0), "again");
  assert.equal(queue.settle(c, "gap", 0), "again");
  assert.deepEqual(takeAll(queue), [a]);
  assert.equal(queue.settle(a, "written", 0), "written");
  assert.deepEqual(takeAll(queue), [b]);
  queue.settle(b, "written", 0);
  assert.deepEqual(takeAll(queue), [c]);
  assert.deepEqual(
    [a, b, c].map(({ baseSequence }) => baseSequence),
    [1, 2, 3],
  );
});

test("nothing goes again before the back-off is over", () => {
  const queue = queueWith();
  const batch = add(queue);
  queue.take(0);
  queue.settle(batch, "again", 100);
  assert.equal(queue.take(99), undefined);
  assert.equal(queue.take(100), batch);
});

test("a gap before the first batch on its way is closed by a new epoch that numbers from 0", () => {
  const identities = new LocalIdentities();
  const queue = queueWith({ identities });
  establish(queue);
  const [a, b] = [add(queue, 2), add(queue, 3)];
  takeAll(queue);
  assert.equal(queue.settle(a, "gap", 0), "again");
  assert.equal(queue.settle(b, "gap", 0), "again");
  assert.equal(queue.take(0), a);
  assert.equal(identities.identity?.producerEpoch, 1);
  queue.settle(a, "written", 0);
  queue.take(0);
  assert.deepEqual([a.baseSequence, b.baseSequence], [0, 2]);
});

test("in a transaction such a gap fails the batch", () => {
  const queue = queueWith({ isTransactional: true });
  const batch = add(queue);
  queue.take(0);
  assert.equal(queue.settle(batch, "gap", 0), "failed");
});

test("when a batch that may have been written is given up, a later success shows that it was", () => {
  const identities = new LocalIdentities();
  const queue = queueWith({ identities });
  establish(queue);
  const [a, b] = [add(queue), add(queue)];
  takeAll(queue);
  queue.expire(a);
  a.isDone = true;
  assert.ok(queue.isDoubtful);
  queue.settle(b, "written", 0);
  assert.ok(!queue.isDoubtful);
  assert.equal(queue.settle(a, "again", 0), "over");
  const c = add(queue);
  assert.equal(queue.take(0), c);
  assert.deepEqual([identities.identity?.producerEpoch, c.baseSequence], [0, 3]);
});

test("when there is no such success, the next batch begins a new epoch once nothing is on its way", () => {
  const identities = new LocalIdentities();
  const queue = queueWith({ identities });
  establish(queue);
  const a = add(queue);
  takeAll(queue);
  queue.expire(a);
  a.isDone = true;
  const b = add(queue);
  assert.equal(queue.take(0), undefined);
  queue.settle(a, "again", 0);
  assert.equal(queue.take(0), b);
  assert.deepEqual([identities.identity?.producerEpoch, b.baseSequence], [1, 0]);
});

test("the parts of a split batch take its place and its sequence numbers", () => {
  const queue = queueWith();
  establish(queue);
  const [a, b] = [add(queue, 5), add(queue, 1)];
  takeAll(queue);
  queue.settle(b, "gap", 0);
  assert.equal(queue.settle(a, "split", 0), "split");
  const parts = a.split(() => new RecordBatchBuilder({ capacity: 256 }));
  queue.requeue(parts);
  const [first, second] = parts;
  const third = first.split(() => new RecordBatchBuilder({ capacity: 256 }));
  assert.equal(queue.take(0), first);
  queue.settle(first, "split", 0);
  queue.requeue(third);
  const sent: Batch[] = [];
  for (let batch = queue.take(0); batch; batch = queue.take(0)) {
    sent.push(batch);
    queue.settle(batch, "written", 0);
  }
  assert.deepEqual(sent, [...third, second, b]);
  const next = sent.map(({ baseSequence, count }) => baseSequence + count);
  assert.deepEqual(
    sent.map(({ baseSequence }) => baseSequence),
    [1, ...next.slice(0, -1)],
  );
});

test("sequence numbers go on at 0 after the greatest", () => {
  const queue = queueWith();
  establish(queue);
  const batch = add(queue);
  batch.number({ producerId: 7, producerEpoch: 0 }, 0x7fffffff);
  assert.equal(advanceSequence(batch.baseSequence, batch.count), 0);
});

/** The part of a broker that guards the order of an idempotent producer's batches, as Kafka's does. */
class Log {
  readonly batches: Batch[] = [];
  #epoch = -1;
  #lastSequence = -1;
  #remembered: { epoch: number; base: number; batch: Batch }[] = [];

  /** Judges a batch by the stamp it bore when it was sent. */
  append({ batch, epoch, base, count }: Sent): Verdict {
    if (epoch < this.#epoch) return "failed";
    if (this.#remembered.some((one) => one.epoch === epoch && one.base === base)) return "written";
    const isKnown = this.#epoch >= 0;
    const isNext = epoch > this.#epoch ? base === 0 : base === this.#lastSequence + 1;
    if (isKnown && !isNext) return "gap";
    if (epoch > this.#epoch) this.#remembered = [];
    this.#epoch = epoch;
    this.#lastSequence = base + count - 1;
    this.#remembered = [...this.#remembered, { epoch, base, batch }].slice(-5);
    this.batches.push(batch);
    return "written";
  }
}

interface Sent {
  readonly batch: Batch;
  readonly epoch: number;
  readonly base: number;
  readonly count: number;
}

/** A queue, the network and a log, moved on by one number at a time. */
class World {
  readonly identities = new LocalIdentities();
  readonly queue = queueWith({ identities: this.identities });
  readonly log = new Log();
  readonly outcomes = new Map<Batch, string>();
  readonly all: Batch[] = [];
  /** On their way to the broker, in order. */
  #sent: Sent[] = [];
  /** Of lost connections: these may still arrive, at any time, and nobody hears the answer. */
  #stray: Sent[] = [];

  step(choice: number): void {
    const kind = choice % 16;
    const first = this.#sent[0];
    if (kind < 4) this.all.push(add(this.queue, 1 + (choice % 3)));
    else if (kind < 8) this.#take();
    else if (kind < 11) this.#answer((sent) => this.log.append(sent));
    else if (kind === 11) this.#answer(() => "again");
    else if (kind === 12) this.#loseConnection(choice);
    else if (kind === 13 && this.#stray.length > 0) {
      this.log.append(this.#stray.splice(choice % this.#stray.length, 1)[0] as Sent);
    } else if (kind === 14) this.#expireOldest(choice);
    else if (first && choice % 5 === 0) {
      this.#endStrays(choice);
      this.#answer(() => "failed");
    }
  }

  drain(): void {
    for (let round = 0; this.queue.hasWork || this.#sent.length > 0; round += 1) {
      assert.ok(round < 10_000, "the queue does not come to an end");
      this.#take();
      this.#answer((sent) => this.log.append(sent));
    }
  }

  #take(): void {
    const batch = this.queue.take(0);
    if (!batch) return;
    const { producerEpoch: epoch } = new RecordBatch(batch.encode());
    this.#sent.push({ batch, epoch, base: batch.baseSequence, count: batch.count });
  }

  #answer(verdictOn: (sent: Sent) => Verdict): void {
    const sent = this.#sent.shift();
    if (sent) this.#settle(sent.batch, verdictOn(sent));
  }

  #loseConnection(choice: number): void {
    const lost = this.#sent.splice(0);
    this.#stray.push(...lost);
    if (this.queue.isDoubtful) this.#endStrays(choice);
    for (const { batch } of lost) this.#settle(batch, "again");
  }

  /**
   * What a lost connection held has arrived by now, or never will. No producer could do without that
   * once it has given a batch up, for only the new epoch's first batch shuts the door.
   */
  #endStrays(choice: number): void {
    const arrived = this.#stray.splice(0).slice(0, choice % 4);
    for (const sent of arrived) this.log.append(sent);
  }

  #expireOldest(choice: number): void {
    const batch = this.all.find((one) => !one.isDone);
    if (!batch) return;
    this.#endStrays(choice);
    this.queue.expire(batch);
    this.#done(batch, "expired");
  }

  #settle(batch: Batch, verdict: Verdict): void {
    const settlement = this.queue.settle(batch, verdict, 0);
    if (settlement === "written" || settlement === "failed") this.#done(batch, settlement);
  }

  #done(batch: Batch, outcome: string): void {
    assert.ok(!this.outcomes.has(batch), "a batch has one outcome");
    batch.isDone = true;
    this.outcomes.set(batch, outcome);
  }
}

test("through failures, lost connections and expiry every batch has one outcome, and the log their order", () => {
  const choices = fc.array(fc.nat(10_000), { minLength: 100, maxLength: 400, size: "max" });
  fc.assert(
    fc.property(choices, (steps) => {
      const world = new World();
      for (const choice of steps) world.step(choice);
      world.drain();
      const { all, log, outcomes } = world;
      assert.equal(outcomes.size, all.length);
      const places = log.batches.map((batch) => all.indexOf(batch));
      assert.deepEqual(
        places,
        [...new Set(places)].sort((left, right) => left - right),
      );
      for (const [batch, outcome] of outcomes) {
        if (outcome === "written")
          assert.ok(log.batches.includes(batch), "what is written is there");
      }
    }),
    { numRuns: 500 },
  );
});
