import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import { type BrokerError, ConnectionError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import { refusal } from "../refusal.ts";
import { ConsumerMember } from "./consumer-member.ts";
import type { ConsumerAnswer, ConsumerRequest, HeartbeatBody } from "./consumer-protocol.ts";
import { HeartbeatPace } from "./heartbeat-pace.ts";
import type { MemberEvent } from "./member.ts";

const topic = "orders";
const topicId = "11111111-1111-1111-1111-111111111111";
const numbers = [0, 1, 2, 3, 4];
const noChance = { float: () => 0.5, below: () => 0, bytes: () => Buffer.alloc(0), uuid: () => "" };
const intervalMs = 1_000;
const maxMembers = 4;

describe("members of a consumer group, whatever comes between them and their coordinator", () => {
  test("never share a partition, and come to rest with all of them", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 200 }), (script) => {
        const world = new World();
        for (const choice of script) {
          world.step(choice);
          world.assertNothingIsShared();
        }
        world.comeToRest();
      }),
      { numRuns: 300 },
    );
  });
});

/** One process with a member in it. */
interface Process {
  readonly member: ConsumerMember;
  readonly memberId: string;
  isClosed: boolean;
}

/** Members, a model of their coordinator, and what is on the way between them. */
class World {
  readonly #processes: Process[] = [];
  readonly #coordinator = new CoordinatorModel();
  /** What can happen next, in any order. */
  readonly #pending: (() => void)[] = [];
  #now = 0;
  /** How many of the next answers do not come back. */
  #losses = 0;

  /** One of: something under way arrives, a member comes, goes or is dropped, time passes, an answer is lost. */
  step(choice: number): void {
    const [kind, which] = [choice % 10, Math.floor(choice / 10)];
    const living = this.#processes.filter(({ isClosed }) => !isClosed);
    const chosen = living[which % Math.max(1, living.length)];
    if (kind === 0 && living.length < maxMembers) this.#start();
    else if (kind === 1 && chosen) this.#close(chosen);
    else if (kind === 2 && chosen) this.#coordinator.drop(chosen.memberId);
    else if (kind === 3) this.#pass(intervalMs);
    else if (kind === 4) this.#losses += 1;
    else this.#pending.splice(which % Math.max(1, this.#pending.length), 1)[0]?.();
  }

  /** Nobody has what another has, those aside whom the coordinator has dropped without their knowing. */
  assertNothingIsShared(): void {
    for (const partition of numbers) {
      const owners = this.#processes.filter(
        ({ member, memberId }) =>
          member.owns({ topic, partition }) && this.#coordinator.grants(memberId, partition),
      );
      assert.ok(owners.length <= 1, `orders-${partition} has ${owners.length} owners`);
    }
  }

  comeToRest(): void {
    this.#start();
    for (let round = 0; round < 1_000; round += 1) {
      this.#pending.shift()?.();
      if (this.#pending.length === 0) this.#pass(intervalMs / 2);
      this.assertNothingIsShared();
    }
    const living = this.#processes.filter(({ isClosed }) => !isClosed);
    for (const { member } of living) {
      assert.ok(member.group);
      const share = numbers.filter((partition) => member.owns({ topic, partition })).length;
      assert.ok(share >= Math.floor(numbers.length / living.length), `a share of ${share}`);
    }
    for (const partition of numbers) {
      const owners = living.filter(({ member }) => member.owns({ topic, partition }));
      assert.equal(owners.length, 1, `orders-${partition} has ${owners.length} owners`);
    }
  }

  #start(): void {
    const memberId = `member-${this.#processes.length}`;
    const member = new ConsumerMember({
      groupId: "billing",
      memberId,
      groupInstanceId: null,
      rackId: null,
      serverAssignor: null,
      rebalanceTimeoutMs: 60_000,
      releaseTimeoutMs: 45_000,
      pace: new HeartbeatPace(intervalMs, new Backoff(100, 1_000, noChance)),
    });
    const process = { member, memberId, isClosed: false };
    this.#processes.push(process);
    const topicName = (id: string) => (id === topicId ? topic : undefined);
    this.#tell(process, { type: "metadata", partitionCount: () => numbers.length, topicName });
    this.#tell(process, { type: "subscribed", topics: [topic], accepts: () => true });
  }

  #close(process: Process): void {
    process.isClosed = true;
    this.#tell(process, { type: "close", leave: true });
  }

  #pass(ms: number): void {
    this.#now += ms;
    for (const process of this.#processes) this.#tell(process, { type: "tick" });
  }

  #tell(process: Process, event: MemberEvent<ConsumerAnswer>): void {
    for (const effect of process.member.handle(event, this.#now)) {
      if (effect.do === "end") continue;
      if (effect.do === "ask") {
        const { request } = effect;
        this.#pending.push(() => this.#carryOut(process, request));
      } else {
        this.#pending.push(() => this.#tell(process, { type: "handed-over" }));
      }
    }
  }

  #carryOut(process: Process, request: ConsumerRequest): void {
    if (request.ask === "leave") {
      this.#coordinator.drop(process.memberId);
      this.#pending.push(() => this.#tell(process, { type: "left" }));
      return;
    }
    // A heartbeat that was overtaken by the goodbye comes too late.
    if (process.isClosed && !this.#coordinator.knows(process.memberId)) return;
    const { life, body } = request;
    const answer = this.#coordinator.heartbeat(body);
    const isLost = this.#losses > 0;
    if (isLost) this.#losses -= 1;
    const lost = new ConnectionError("CONNECTION_LOST", "the cable was pulled");
    const result = isLost ? lost : answer;
    const event: ConsumerAnswer =
      result instanceof Error
        ? { type: "not-heard", life, error: result }
        : { type: "heard", life, heartbeatIntervalMs: intervalMs, ...result };
    this.#pending.push(() => this.#tell(process, event));
  }
}

interface KnownMember {
  epoch: number;
  previousEpoch: number;
  /** What the member may have. */
  granted: ReadonlySet<number>;
  /** What it has to give up before others can have it. */
  revoking: ReadonlySet<number>;
}

/** What Kafka's coordinator of consumer groups does, as far as members can see it. */
class CoordinatorModel {
  readonly #members = new Map<string, KnownMember>();
  #groupEpoch = 0;

  knows(memberId: string): boolean {
    return this.#members.has(memberId);
  }

  grants(memberId: string, partition: number): boolean {
    const member = this.#members.get(memberId);
    return member ? member.granted.has(partition) || member.revoking.has(partition) : false;
  }

  drop(memberId: string): void {
    if (this.#members.delete(memberId)) this.#groupEpoch += 1;
  }

  heartbeat(body: HeartbeatBody) {
    const { memberId, memberEpoch, topicPartitions } = body;
    if (memberEpoch === 0) this.#join(memberId);
    const member = this.#members.get(memberId);
    if (!member) return refused("UNKNOWN_MEMBER_ID");
    const owned = new Set(topicPartitions?.flatMap(({ partitions }) => partitions));
    const mayRepeat = memberEpoch === member.previousEpoch && owned.isSubsetOf(member.granted);
    if (memberEpoch !== 0 && memberEpoch !== member.epoch && !mayRepeat) {
      return refused("FENCED_MEMBER_EPOCH");
    }
    if (topicPartitions && owned.isDisjointFrom(member.revoking)) member.revoking = new Set();
    const hasChanged = this.#reconcile(memberId, member);
    const isFull = body.subscribedTopicNames !== null;
    const assignment = [{ topicId, partitions: [...member.granted] }];
    return { memberEpoch: member.epoch, assignment: hasChanged || isFull ? assignment : null };
  }

  #join(memberId: string): void {
    this.#groupEpoch += 1;
    const nothing = new Set<number>();
    const fresh = { epoch: 0, previousEpoch: 0, granted: nothing, revoking: nothing };
    this.#members.set(memberId, fresh);
  }

  /** Says whether what the member may have has changed. */
  #reconcile(memberId: string, member: KnownMember): boolean {
    const { granted, revoking } = member;
    const target = this.#target(memberId);
    if (revoking.size > 0) return false;
    const surplus = granted.difference(target);
    if (surplus.size > 0) {
      member.granted = granted.intersection(target);
      member.revoking = surplus;
      return true;
    }
    const others = [...this.#members].filter(([id]) => id !== memberId);
    const isTaken = (partition: number) => others.some(([id]) => this.grants(id, partition));
    member.granted = new Set([...target].filter((one) => granted.has(one) || !isTaken(one)));
    const hasChanged = member.granted.size !== granted.size || member.epoch !== this.#groupEpoch;
    if (member.epoch !== this.#groupEpoch) member.previousEpoch = member.epoch;
    member.epoch = this.#groupEpoch;
    return hasChanged;
  }

  /** Every n-th partition for each of n members. */
  #target(memberId: string): ReadonlySet<number> {
    const ids = [...this.#members.keys()].sort();
    const place = ids.indexOf(memberId);
    return new Set(numbers.filter((partition) => partition % ids.length === place));
  }
}

function refused(code: BrokerError["code"]): BrokerError {
  return refusal(brokerErrorNumber(code), "the model's request");
}
