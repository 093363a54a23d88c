import assert from "node:assert/strict";
import { test } from "node:test";
import { Crash } from "../../../test/faulty-disk.ts";
import { seededNumbers } from "../../../test/log-fixture.ts";
import { TransactionScene } from "../../../test/transaction-scene.ts";
import { BrokerError } from "../../errors.ts";
import type { ProducerIdentity } from "./transaction-step.ts";

const runs = 40;
const stepsPerRun = 120;
const partitionCount = 3;
const transactionalIds = ["a", "b", "c"];

/** A producer as a client has it: it may have been fenced without knowing. */
interface Client {
  readonly transactionalId: string;
  identity: ProducerIdentity;
  /** 0 for the older flow. */
  readonly version: 0 | 2;
  readonly sequences: Map<number, number>;
  /** The values of the open transaction. */
  open: string[];
}

/** Clients that work, stop, come back and die over a broker whose disk gets full and which is killed. */
class Run {
  readonly #random: () => number;
  #scene: TransactionScene;
  #clients: Client[] = [];
  #values = 0;
  readonly #committed = new Set<string>();
  /** Transactions whose end was asked for and not answered: all of one or nothing of it. */
  readonly #unknown: string[][] = [];

  constructor(seed: number) {
    this.#random = seededNumbers(seed);
    this.#scene = new TransactionScene({ random: this.#random });
    this.#scene.createTopic("t", partitionCount);
    this.#scene.transactions.createTopic();
  }

  execute(): void {
    for (let step = 0; step < stepsPerRun; step += 1) this.#unlessKilled(() => this.#step());
    // The last kill may have gone unnoticed until now.
    this.#unlessKilled(() => this.#settle());
    this.#settle();
    this.#check();
  }

  #unlessKilled(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.#restart();
    }
  }

  #step(): void {
    const choice = this.#random();
    if (choice < 0.12) this.#begin();
    else if (choice < 0.62) this.#write();
    else if (choice < 0.86) this.#end();
    else if (choice < 0.92) this.#scene.clock.advance(this.#below(30_000));
    else if (choice < 0.95) this.#scene.disk.freeBytes = this.#below(400);
    else if (choice < 0.97) this.#scene.disk.freeBytes = Number.POSITIVE_INFINITY;
    else if (choice < 0.99) this.#scene.disk.crashIn(1 + this.#below(6));
    else this.#restart();
  }

  #begin(): void {
    const transactionalId = transactionalIds[this.#below(transactionalIds.length)] as string;
    const identity = this.#try(() => this.#scene.init(transactionalId));
    if (identity === undefined) return;
    const version = this.#random() < 0.5 ? 0 : 2;
    this.#clients.push({ transactionalId, identity, version, sequences: new Map(), open: [] });
  }

  #write(): void {
    const client = this.#anyClient();
    if (client === undefined) return;
    const { transactionalId, identity, version, sequences } = client;
    const index = this.#below(partitionCount);
    const partition = { topic: "t", partition: index };
    const value = `${transactionalId}-${this.#values++}`;
    if (version === 0) {
      const { transactions } = this.#scene;
      const isAdded = this.#try(() => {
        transactions.addPartitions(transactionalId, identity, [partition], 0);
        return true;
      });
      if (!isAdded) return;
    }
    const sequence = sequences.get(index) ?? 0;
    const options = { sequence, add: version === 2 };
    const refusal = this.#scene.write(transactionalId, identity, partition, value, options);
    if (refusal !== undefined) return;
    sequences.set(index, sequence + 1);
    client.open.push(value);
  }

  #end(): void {
    const client = this.#anyClient();
    if (client === undefined || client.open.length === 0) return;
    const { transactionalId, identity, version, open } = client;
    const outcome = this.#random() < 0.7 ? "commit" : "abort";
    // Until there is an answer, it may have happened.
    if (outcome === "commit") this.#unknown.push(open);
    const answer = this.#scene.end(transactionalId, identity, outcome, version);
    if (outcome === "commit") this.#unknown.pop();
    if (typeof answer === "string") {
      // The coordinator could not write: the client asks again later. Anything else ends the client.
      if (answer === "NOT_COORDINATOR" || answer === "CONCURRENT_TRANSACTIONS") return;
      this.#clients = this.#clients.filter((one) => one !== client);
      return;
    }
    if (outcome === "commit") for (const value of open) this.#committed.add(value);
    client.open = [];
    if (version === 2) {
      client.identity = answer;
      client.sequences.clear();
    }
  }

  /** Clients that have lost the broker start anew: what they had open is over. */
  #restart(): void {
    this.#clients = [];
    this.#scene = this.#scene.restarted();
  }

  /** Ends all that is open, as the next producers do. */
  #settle(): void {
    this.#scene.disk.crashIn(Number.POSITIVE_INFINITY);
    this.#scene.disk.freeBytes = Number.POSITIVE_INFINITY;
    this.#scene.clock.advance(1000);
    for (const id of transactionalIds) {
      if (this.#try(() => this.#scene.init(id)) === undefined) this.#scene.init(id);
    }
  }

  #check(): void {
    const seen: string[] = [];
    for (let index = 0; index < partitionCount; index += 1) {
      const { log } = this.#scene.partition("t", index);
      assert.equal(log.lastStableOffset, log.logEndOffset, "a transaction was left open");
      seen.push(...this.#scene.committed("t", index));
    }
    const left = new Set(seen);
    assert.equal(left.size, seen.length, "a value is there twice");
    for (const value of this.#committed) {
      assert.ok(left.delete(value), `the committed value ${value} is lost`);
    }
    for (const values of this.#unknown) {
      const there = values.filter((value) => left.delete(value));
      assert.ok(there.length === 0 || there.length === values.length, `${values} is torn`);
    }
    assert.deepEqual([...left], [], "values are seen that nobody committed");
  }

  #try<Result>(run: () => Result): Result | undefined {
    try {
      return run();
    } catch (error) {
      if (error instanceof BrokerError) return undefined;
      throw error;
    }
  }

  #anyClient(): Client | undefined {
    return this.#clients[this.#below(this.#clients.length)];
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

test("what was committed is there once and what was not is never seen, through fencing, timeouts, full disks and kills", () => {
  for (let seed = 1; seed <= runs; seed += 1) {
    try {
      new Run(seed).execute();
    } catch (error) {
      throw new Error(`the run of seed ${seed} failed`, { cause: error });
    }
  }
});
