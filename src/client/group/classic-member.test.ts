import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import type { BrokerError } from "../../errors.ts";
import { ConnectionError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import { refusal } from "../refusal.ts";
import type { Assignor } from "./assignor.ts";
import { cooperativeSticky } from "./assignors/cooperative-sticky.ts";
import { range } from "./assignors/range.ts";
import { ClassicMember } from "./classic-member.ts";
import type { ClassicAnswer, ClassicRequest } from "./classic-protocol.ts";
import { HeartbeatPace } from "./heartbeat-pace.ts";
import type { MemberEvent } from "./member.ts";
import { decodeSubscription, encodeAssignment } from "./member-data.ts";

const noChance = { float: () => 0.5, below: () => 0, bytes: () => Buffer.alloc(0), uuid: () => "" };
const heartbeatIntervalMs = 3_000;
const backoffMs = 100;

/** A member and a log of what it wants done, in words: "join", "revoke orders-0", "end". */
class Rig {
  readonly member: ClassicMember;
  readonly asked: ClassicRequest[] = [];
  now = 0;

  constructor(assignor: Assignor, groupInstanceId: string | null = null) {
    this.member = new ClassicMember({
      groupId: "billing",
      groupInstanceId,
      rackId: null,
      assignors: [assignor],
      pace: new HeartbeatPace(heartbeatIntervalMs, new Backoff(backoffMs, 1_000, noChance)),
      backoff: new Backoff(backoffMs, 1_000, noChance),
    });
  }

  tell(event: MemberEvent<ClassicAnswer>): string[] {
    return this.member.handle(event, this.now).map((effect) => {
      if (effect.do === "ask") this.asked.push(effect.request);
      if (effect.do === "ask") return effect.request.ask;
      if (effect.do === "end") return effect.error ? `end: ${effect.error.message}` : "end";
      return `${effect.do} ${effect.partitions}`.trim();
    });
  }

  subscribe(...topics: string[]): string[] {
    return this.tell({ type: "subscribed", topics, accepts: (topic) => topics.includes(topic) });
  }

  wait(ms: number): string[] {
    this.now += ms;
    return this.tell({ type: "tick" });
  }

  done(): string[] {
    return this.tell({ type: "handed-over" });
  }

  last<Name extends ClassicRequest["ask"]>(name: Name): Extract<ClassicRequest, { ask: Name }> {
    const found = this.asked.findLast(({ ask }) => ask === name);
    assert.ok(found, `there was no ${name}`);
    return found as Extract<ClassicRequest, { ask: Name }>;
  }

  joined(generationId: number, { isLeader = false, memberId = "me" } = {}): string[] {
    const { attempt } = this.last("join");
    const protocolName = this.last("join").protocols[0]?.name ?? "";
    const self = { memberId, generationId, protocolName, isLeader };
    return this.tell({
      type: "joined",
      attempt,
      join: { ...self, skipAssignment: false, members: [] },
    });
  }

  notJoined(error: Error, memberId = ""): string[] {
    return this.tell({ type: "not-joined", attempt: this.last("join").attempt, error, memberId });
  }

  synced(...partitions: number[]): string[] {
    const assigned = partitions.map((partition) => ({ topic: "orders", partition }));
    const assignment = encodeAssignment({ partitions: assigned });
    return this.tell({ type: "synced", attempt: this.last("sync").attempt, assignment });
  }

  heard(error?: Error): string[] {
    return this.tell({ type: "heard", identity: this.last("heartbeat").identity, error });
  }

  /** A member of the first generation that has these partitions. */
  static settled(assignor: Assignor, ...partitions: number[]): Rig {
    const rig = new Rig(assignor);
    rig.subscribe("orders");
    rig.joined(1);
    rig.synced(...partitions);
    rig.done();
    return rig;
  }
}

describe("a member of a classic group", () => {
  test("joins under the id that the coordinator gives it, and takes up what it is assigned", () => {
    const rig = new Rig(range);
    assert.deepEqual(rig.subscribe("orders"), ["join"]);
    assert.deepEqual(rig.notJoined(refused("MEMBER_ID_REQUIRED"), "me"), ["join"]);
    assert.equal(rig.last("join").memberId, "me");
    assert.deepEqual(rig.joined(1), ["sync"]);
    assert.equal(rig.member.group, undefined);
    assert.deepEqual(rig.synced(0, 1), ["assign orders-0, orders-1"]);
    assert.deepEqual(rig.member.group, {
      groupId: "billing",
      generationId: 1,
      memberId: "me",
      groupInstanceId: null,
    });
    assert.deepEqual(rig.done(), []);
  });

  test("sends heartbeats at the interval, also while partitions are handed over", () => {
    const rig = new Rig(range);
    rig.subscribe("orders");
    rig.joined(1);
    rig.synced(0);
    assert.equal(rig.member.wakeAt, heartbeatIntervalMs);
    assert.deepEqual(rig.wait(heartbeatIntervalMs), ["heartbeat"]);
    assert.equal(rig.member.wakeAt, Number.POSITIVE_INFINITY);
    assert.deepEqual(rig.heard(), []);
    assert.equal(rig.member.wakeAt, 2 * heartbeatIntervalMs);
    assert.deepEqual(rig.wait(heartbeatIntervalMs), ["heartbeat"]);
    rig.heard(new ConnectionError("CONNECTION_LOST", "cut"));
    assert.equal(rig.member.wakeAt, 2 * heartbeatIntervalMs + backoffMs);
  });

  test("in the eager protocol, gives everything up before it joins again", () => {
    const rig = Rig.settled(range, 0, 1);
    rig.wait(heartbeatIntervalMs);
    assert.deepEqual(rig.heard(refused("REBALANCE_IN_PROGRESS")), ["revoke orders-0, orders-1"]);
    assert.ok(rig.member.owns({ topic: "orders", partition: 0 }));
    assert.deepEqual(rig.done(), ["join"]);
    assert.ok(!rig.member.owns({ topic: "orders", partition: 0 }));
    assert.deepEqual(ownedIn(rig), []);
  });

  test("in the cooperative protocol, gives up only what it is not assigned any more, and joins again", () => {
    const rig = Rig.settled(cooperativeSticky, 0, 1);
    rig.wait(heartbeatIntervalMs);
    assert.deepEqual(rig.heard(refused("REBALANCE_IN_PROGRESS")), ["join"]);
    assert.deepEqual(ownedIn(rig), [0, 1]);
    rig.joined(2);
    assert.deepEqual(rig.synced(0), ["revoke orders-1"]);
    assert.deepEqual(rig.done(), ["assign"]);
    assert.deepEqual(rig.done(), ["join"]);
    assert.deepEqual(ownedIn(rig), [0]);
  });

  test("loses everything and joins anew when the group does not know it", () => {
    for (const [code, memberId] of [
      ["UNKNOWN_MEMBER_ID", ""],
      ["ILLEGAL_GENERATION", "me"],
    ] as const) {
      const rig = Rig.settled(cooperativeSticky, 0, 1);
      rig.wait(heartbeatIntervalMs);
      assert.deepEqual(rig.heard(refused(code)), ["lose orders-0, orders-1"]);
      assert.ok(!rig.member.owns({ topic: "orders", partition: 0 }));
      assert.equal(rig.member.group, undefined);
      assert.deepEqual(rig.done(), ["join"]);
      assert.equal(rig.last("join").memberId, memberId);
    }
  });

  test("is over for good when another has taken its name", () => {
    const rig = Rig.settled(cooperativeSticky, 0);
    rig.wait(heartbeatIntervalMs);
    assert.deepEqual(rig.heard(refused("FENCED_INSTANCE_ID")), ["lose orders-0"]);
    assert.match(rig.done()[0] ?? "", /^end: .*FENCED_INSTANCE_ID/);
    assert.deepEqual(rig.subscribe("returns"), []);
  });

  test("tries again after a growing wait when it cannot join for now", () => {
    const rig = new Rig(range);
    rig.subscribe("orders");
    assert.deepEqual(rig.notJoined(refused("NOT_COORDINATOR")), ["join"]);
    assert.deepEqual(rig.notJoined(refused("COORDINATOR_LOAD_IN_PROGRESS")), []);
    assert.deepEqual(rig.wait(backoffMs), ["join"]);
    assert.deepEqual(rig.notJoined(new ConnectionError("CONNECTION_REFUSED", "down")), []);
    assert.deepEqual(rig.wait(backoffMs), []);
    assert.deepEqual(rig.wait(backoffMs), ["join"]);
    assert.match(rig.notJoined(refused("GROUP_AUTHORIZATION_FAILED"))[0] ?? "", /^end: .*ACL/);
  });

  test("passes over answers to requests of a former attempt", () => {
    const rig = new Rig(range);
    rig.subscribe("orders");
    const { attempt } = rig.last("join");
    rig.notJoined(refused("REBALANCE_IN_PROGRESS"));
    assert.notEqual(rig.last("join").attempt, attempt);
    const late = { type: "not-joined", attempt, error: refused("FENCED_INSTANCE_ID") } as const;
    assert.deepEqual(rig.tell(late), []);
    assert.deepEqual(rig.joined(1), ["sync"]);
  });

  test("keeps what it has when a commit is refused between two generations", () => {
    const rig = Rig.settled(cooperativeSticky, 0);
    const { group } = rig.member;
    assert.ok(group);
    rig.tell({ type: "rejoin", reason: "a whim" });
    const refuse = () =>
      rig.tell({ type: "commit-refused", error: refused("ILLEGAL_GENERATION"), group });
    assert.deepEqual(refuse(), []);
    rig.joined(2);
    assert.deepEqual(refuse(), []);
    assert.ok(rig.member.isRebalancing);
    assert.deepEqual(rig.synced(0), ["assign"]);
    assert.deepEqual(refuse(), []);
    assert.ok(rig.member.owns({ topic: "orders", partition: 0 }));
  });

  test("as the leader, calls for a rebalance when a topic has grown or appeared", () => {
    const rig = new Rig(cooperativeSticky);
    rig.subscribe("orders", "returns");
    assert.deepEqual(rig.joined(1, { isLeader: true }), ["lead"]);
    const { attempt } = rig.last("lead");
    const partitionCounts = new Map([
      ["orders", 1],
      ["returns", 0],
    ]);
    rig.tell({ type: "led", attempt, assignments: [], partitionCounts });
    rig.synced(0);
    rig.done();
    assert.ok(rig.member.lacksMetadata);
    assert.deepEqual(rig.member.watchedTopics, ["orders", "returns"]);
    const told = (counts: { readonly [topic: string]: number }) =>
      rig.tell({
        type: "metadata",
        partitionCount: (topic) => counts[topic] ?? 0,
        topicName: () => undefined,
      });
    assert.deepEqual(told({ orders: 1 }), []);
    assert.deepEqual(told({ orders: 1, returns: 2 }), ["join"]);
    assert.match(rig.last("join").reason, /topics/);
  });

  test("gives up topics it no longer wants before it joins, and joins again if it changes its mind meanwhile", () => {
    const rig = Rig.settled(cooperativeSticky, 0);
    assert.deepEqual(rig.subscribe("returns"), ["revoke orders-0"]);
    assert.deepEqual(rig.done(), ["join"]);
    rig.subscribe("orders");
    rig.joined(2);
    assert.deepEqual(rig.synced(0), ["assign orders-0"]);
    assert.deepEqual(rig.done(), ["join"]);
  });

  test("when it is closed, gives everything up and then leaves, unless it is to stay", () => {
    const leaving = Rig.settled(range, 0);
    assert.deepEqual(leaving.tell({ type: "close", leave: true }), ["revoke orders-0"]);
    assert.deepEqual(leaving.done(), ["leave"]);
    assert.deepEqual(leaving.tell({ type: "left" }), ["end"]);
    const staying = Rig.settled(range, 0);
    staying.tell({ type: "close", leave: false });
    assert.deepEqual(staying.done(), ["end"]);
  });

  test("when it is closed while it joins, waits for nothing", () => {
    const rig = new Rig(range);
    rig.subscribe("orders");
    assert.deepEqual(rig.tell({ type: "close", leave: true }), ["end"]);
    const known = Rig.settled(cooperativeSticky, 0);
    known.tell({ type: "rejoin", reason: "a whim" });
    assert.deepEqual(known.tell({ type: "close", leave: true }), ["revoke orders-0"]);
    assert.deepEqual(known.done(), ["leave"]);
  });

  test("finishes one handover before the next begins, whatever happens meanwhile", () => {
    const rig = Rig.settled(range, 0);
    rig.wait(heartbeatIntervalMs);
    assert.deepEqual(rig.heard(refused("REBALANCE_IN_PROGRESS")), ["revoke orders-0"]);
    rig.wait(heartbeatIntervalMs);
    assert.deepEqual(rig.heard(refused("UNKNOWN_MEMBER_ID")), []);
    assert.deepEqual(rig.subscribe("returns"), []);
    assert.deepEqual(rig.done(), ["join"]);
    assert.equal(rig.last("join").memberId, "");
  });
});

function refused(code: BrokerError["code"]): BrokerError {
  return refusal(brokerErrorNumber(code), "the test's request");
}

function ownedIn(rig: Rig): number[] {
  const [protocol] = rig.last("join").protocols;
  assert.ok(protocol);
  const { ownedPartitions } = decodeSubscription("me", null, protocol.metadata);
  return ownedPartitions.map(({ partition }) => partition);
}
