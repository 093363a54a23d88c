import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ScriptedConsumerGroups, topicId } from "../../../../test/scripted-consumer-groups.ts";
import { BrokerError } from "../../../errors.ts";
import type { PartitionList } from "./assignment.ts";

/** A consumer as it is told to be: it gives up late or never, loses answers, and begins anew when fenced. */
class Consumer {
  readonly id: string;
  epoch = 0;
  /** What it works on. */
  owned: PartitionList = [];
  /** What it was told to have last. */
  told: PartitionList = [];

  constructor(id: string) {
    this.id = id;
  }
}

type Step =
  | {
      readonly do: "beat";
      readonly who: number;
      readonly isLost: boolean;
      readonly adopts: boolean;
    }
  | { readonly do: "subscribe"; readonly who: number; readonly topics: readonly string[] }
  | { readonly do: "match"; readonly who: number; readonly regex: string }
  | { readonly do: "leave"; readonly who: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "grow"; readonly topic: string; readonly count: number };

const who = fc.nat({ max: 3 });
const topics = ["t", "u"];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("beat" as const),
      who,
      isLost: fc.boolean(),
      adopts: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("subscribe" as const),
      who,
      topics: fc.subarray(topics),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("match" as const),
      who,
      regex: fc.constantFrom("t|u", "t", ""),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(0, 900, 11_000, 46_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("grow" as const),
      topic: fc.constantFrom(...topics),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
);

class Run {
  readonly groups = new ScriptedConsumerGroups();
  readonly #consumers = [0, 1, 2, 3].map((index) => new Consumer(`c${index}`));
  readonly #counts = new Map([
    ["t", 3],
    ["u", 2],
  ]);

  constructor() {
    this.groups.configs.set("consumer.assignment.interval.ms", "1000");
    for (const [name, count] of this.#counts) this.groups.topic(name, count);
  }

  take(one: Step): void {
    switch (one.do) {
      case "pass":
        this.groups.pass(one.ms);
        break;
      case "grow":
        if (one.count <= (this.#counts.get(one.topic) ?? 0)) break;
        this.#counts.set(one.topic, one.count);
        this.groups.topic(one.topic, one.count);
        break;
      case "leave":
        this.#try(one.who, (consumer) => {
          this.groups.beat(consumer.id, -1);
          this.#forget(consumer);
        });
        break;
      case "subscribe":
        this.#beat(one.who, { subscribedTopicNames: one.topics });
        break;
      case "match":
        this.#beat(one.who, { subscribedTopicRegex: one.regex });
        break;
      case "beat":
        this.#beat(one.who, {}, one);
    }
  }

  #beat(
    index: number,
    said: {
      readonly subscribedTopicNames?: readonly string[];
      readonly subscribedTopicRegex?: string;
    },
    {
      isLost = false,
      adopts = true,
    }: { readonly isLost?: boolean; readonly adopts?: boolean } = {},
  ): void {
    this.#try(index, (consumer) => {
      if (consumer.epoch === 0) this.#forget(consumer);
      else if (adopts) consumer.owned = consumer.told;
      const first = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: ["t"] };
      const answer = this.groups.beat(consumer.id, consumer.epoch, {
        ...(consumer.epoch === 0 && first),
        ...said,
        topicPartitions: consumer.owned,
      });
      if (isLost) return;
      consumer.epoch = answer.memberEpoch;
      if (answer.assignment !== null) consumer.told = answer.assignment;
    });
  }

  #try(index: number, act: (consumer: Consumer) => void): void {
    const consumer = this.#consumers[index];
    if (consumer === undefined) return;
    try {
      act(consumer);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#forget(consumer);
    }
  }

  #forget(consumer: Consumer): void {
    consumer.epoch = 0;
    consumer.owned = [];
    consumer.told = [];
  }

  check(): void {
    const group = this.groups.consumer.groups.get("g");
    if (group === undefined) return;
    const owners = new Map<string, string>();
    for (const { id, assigned, pendingRevocation } of group.members.values()) {
      for (const partitions of [assigned, pendingRevocation]) {
        for (const [topic, epochs] of partitions) {
          for (const partition of epochs.keys()) {
            const name = `${topic}-${partition}`;
            assert.equal(owners.get(name), undefined, `${name} has two owners`);
            owners.set(name, id);
          }
        }
      }
    }
    assert.ok(group.isEmpty || group.assignmentEpoch <= group.epoch);
  }

  /** All beat, and do as they are told, until nothing changes any more. */
  settle(): void {
    for (let round = 0; round < 20; round += 1) {
      this.groups.pass(1000);
      for (const index of this.#consumers.keys()) this.#beat(index, {});
      this.check();
    }
  }

  /** The log alone gives the same group. */
  checkReplay(): void {
    const loaded = new ScriptedConsumerGroups();
    for (const record of this.groups.log) loaded.replay(record);
    const [here, there] = [this.groups, loaded].map(({ consumer }) => {
      const { epoch, assignmentEpoch, members, targets, regexes } = consumer.groups.get("g") ?? {};
      return { epoch, assignmentEpoch, members, targets, regexes };
    });
    assert.deepEqual(there, here);
  }
}

test("no partition ever has two owners, whatever members do, and the log alone tells the same", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const run = new Run();
      for (const one of steps) {
        run.take(one);
        run.check();
      }
      run.checkReplay();
    }),
    { numRuns: 300 },
  );
});

test("members that do as they are told arrive at the target assignment", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const run = new Run();
      for (const one of steps) run.take(one);
      run.settle();
      assert.equal(run.groups.consumer.groups.get("g")?.state, "Stable");
    }),
    { numRuns: 200 },
  );
});

test("topics that are made and unmade while members come leave nothing assigned that is not there", () => {
  const groups = new ScriptedConsumerGroups();
  groups.topic("t", 2);
  groups.join("a", ["t", "u"]);
  groups.deleteTopic("t");
  groups.topic("u", 1);
  groups.beat("a", 2, { topicPartitions: [] });
  assert.deepEqual(groups.owned(), { a: "u-0" });
  assert.equal(groups.consumer.groups.get("g")?.isOwned(topicId("t"), 0), false);
});
