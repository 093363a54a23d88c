import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import { type BrokerError, ConnectionError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import { refusal } from "../refusal.ts";
import { ConsumerMember } from "./consumer-member.ts";
import type { ConsumerAnswer, ConsumerRequest, HeartbeatBody } from "./consumer-protocol.ts";
import { HeartbeatPace } from "./heartbeat-pace.ts";
import type { MemberEvent } from "./member.ts";

const noChance = { float: () => 0.5, below: () => 0, bytes: () => Buffer.alloc(0), uuid: () => "" };
const intervalMs = 5_000;
const backoffMs = 100;
const releaseTimeoutMs = 45_000;
const orders = "11111111-1111-1111-1111-111111111111";
const returns = "22222222-2222-2222-2222-222222222222";
const unchanged = {
  memberId: "me",
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  subscribedTopicNames: null,
  serverAssignor: null,
  topicPartitions: null,
};

/** A member and a log of what it wants done, in words: "heartbeat", "revoke orders-0", "end". */
class Rig {
  readonly member: ConsumerMember;
  readonly names = new Map([[orders, "orders"]]);
  request: ConsumerRequest | undefined;
  now = 0;

  constructor(groupInstanceId: string | null = null) {
    this.member = new ConsumerMember({
      groupId: "billing",
      memberId: "me",
      groupInstanceId,
      rackId: "here",
      serverAssignor: "uniform",
      rebalanceTimeoutMs: 60_000,
      releaseTimeoutMs,
      pace: new HeartbeatPace(1_000, new Backoff(backoffMs, 1_000, noChance)),
    });
    this.learn();
  }

  tell(event: MemberEvent<ConsumerAnswer>): string[] {
    return this.member.handle(event, this.now).map((effect) => {
      if (effect.do === "ask") this.request = effect.request;
      if (effect.do === "ask") return effect.request.ask;
      if (effect.do === "end") return effect.error ? `end: ${effect.error.message}` : "end";
      return `${effect.do} ${effect.partitions}`.trim();
    });
  }

  learn(): string[] {
    const topicName = (id: string) => this.names.get(id);
    return this.tell({ type: "metadata", partitionCount: () => 0, topicName });
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

  get body(): HeartbeatBody {
    assert.ok(this.request);
    return this.request.body;
  }

  /** The broker answers with an epoch, and an assignment of orders if there is a new one. */
  heard(memberEpoch: number, ...partitions: number[]): string[] {
    const assignment = partitions.length > 0 ? [{ topicId: orders, partitions }] : null;
    return this.answered(memberEpoch, assignment);
  }

  answered(
    memberEpoch: number,
    assignment:
      | readonly { readonly topicId: string; readonly partitions: readonly number[] }[]
      | null,
  ): string[] {
    const answer = { life: this.#life, memberEpoch, heartbeatIntervalMs: intervalMs, assignment };
    return this.tell({ type: "heard", ...answer });
  }

  notHeard(error: Error): string[] {
    return this.tell({ type: "not-heard", life: this.#life, error });
  }

  get #life(): number {
    assert.equal(this.request?.ask, "heartbeat");
    return this.request?.ask === "heartbeat" ? this.request.life : -1;
  }

  /** A member of epoch 2 that has these partitions and has told the broker so. */
  static settled(groupInstanceId: string | null, ...partitions: number[]): Rig {
    const rig = new Rig(groupInstanceId);
    rig.subscribe("orders");
    rig.heard(2, ...partitions);
    rig.done();
    rig.heard(2);
    return rig;
  }
}

describe("a member of a consumer group", () => {
  test("joins with all it has to say, and then says only what is new", () => {
    const rig = new Rig();
    assert.deepEqual(rig.subscribe("orders"), ["heartbeat"]);
    assert.deepEqual(rig.body, {
      memberId: "me",
      memberEpoch: 0,
      instanceId: null,
      rackId: "here",
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: ["orders"],
      serverAssignor: "uniform",
      topicPartitions: [],
    });
    assert.deepEqual(rig.heard(1, 0, 1), ["assign orders-0, orders-1"]);
    assert.deepEqual(rig.done(), ["heartbeat"]);
    const topicPartitions = [{ topicId: orders, partitions: [0, 1] }];
    assert.deepEqual(rig.body, { ...unchanged, memberEpoch: 1, topicPartitions });
    rig.heard(1);
    assert.deepEqual(rig.wait(intervalMs), ["heartbeat"]);
    assert.deepEqual(rig.body, { ...unchanged, memberEpoch: 1 });
  });

  test("gives up first, says so, and then takes up what is new", () => {
    const rig = Rig.settled(null, 0, 1);
    rig.wait(intervalMs);
    assert.deepEqual(rig.heard(3, 0, 2), ["revoke orders-1"]);
    assert.equal(rig.member.group?.generationId, 3);
    assert.deepEqual(rig.done(), ["assign orders-2", "heartbeat"]);
    assert.deepEqual(rig.body.topicPartitions, [{ topicId: orders, partitions: [0, 2] }]);
  });

  test("goes on sending heartbeats while partitions are given up, without saying that they are", () => {
    const rig = Rig.settled(null, 0, 1);
    rig.wait(intervalMs);
    assert.deepEqual(rig.heard(2, 0), ["revoke orders-1"]);
    assert.deepEqual(rig.wait(intervalMs), ["heartbeat"]);
    assert.equal(rig.body.topicPartitions, null);
    assert.ok(rig.member.owns({ topic: "orders", partition: 1 }));
    assert.deepEqual(rig.heard(2), []);
    assert.deepEqual(rig.done(), ["assign", "heartbeat"]);
    assert.deepEqual(rig.body.topicPartitions, [{ topicId: orders, partitions: [0] }]);
  });

  test("an assignment that it has already changes nothing", () => {
    const rig = Rig.settled(null, 0, 1);
    rig.wait(intervalMs);
    assert.deepEqual(rig.heard(3, 0, 1), []);
    assert.equal(rig.member.group?.generationId, 3);
  });

  test("loses everything when it is fenced, and joins again under its id", () => {
    for (const code of ["FENCED_MEMBER_EPOCH", "UNKNOWN_MEMBER_ID"] as const) {
      const rig = Rig.settled(null, 0, 1);
      rig.wait(intervalMs);
      assert.deepEqual(rig.notHeard(refused(code)), ["lose orders-0, orders-1"]);
      assert.equal(rig.member.group, undefined);
      assert.deepEqual(rig.done(), ["heartbeat"]);
      assert.equal(rig.body.memberEpoch, 0);
      assert.equal(rig.body.memberId, "me");
      assert.deepEqual(rig.body.topicPartitions, []);
      assert.deepEqual(rig.heard(5, 0), ["assign orders-0"]);
    }
  });

  test("waits for the name of a topic that it knows only by id", () => {
    const rig = new Rig();
    rig.subscribe("orders", "returns");
    const assignment = [
      { topicId: orders, partitions: [0] },
      { topicId: returns, partitions: [0] },
    ];
    assert.deepEqual(rig.answered(1, assignment), ["assign orders-0"]);
    assert.ok(rig.member.lacksMetadata);
    assert.deepEqual(rig.done(), ["heartbeat"]);
    rig.names.set(returns, "returns");
    assert.deepEqual(rig.learn(), ["assign returns-0"]);
    assert.ok(!rig.member.lacksMetadata);
  });

  test("says everything again after a heartbeat that failed, and after a wait", () => {
    const rig = Rig.settled(null, 0);
    rig.wait(intervalMs);
    assert.deepEqual(rig.notHeard(new ConnectionError("CONNECTION_LOST", "cut")), []);
    assert.equal(rig.member.wakeAt, rig.now + backoffMs);
    assert.deepEqual(rig.wait(backoffMs), ["heartbeat"]);
    assert.equal(rig.body.memberEpoch, 2);
    assert.deepEqual(rig.body.subscribedTopicNames, ["orders"]);
    assert.deepEqual(rig.body.topicPartitions, [{ topicId: orders, partitions: [0] }]);
  });

  test("tells a changed subscription at once", () => {
    const rig = Rig.settled(null, 0);
    assert.deepEqual(rig.subscribe("orders", "returns"), ["heartbeat"]);
    assert.deepEqual(rig.body.subscribedTopicNames, ["orders", "returns"]);
    rig.subscribe("returns");
    assert.deepEqual(rig.heard(3), ["heartbeat"]);
    assert.deepEqual(rig.body.subscribedTopicNames, ["returns"]);
  });

  test("asks for its epoch at once when a commit shows that it is out of date", () => {
    const rig = Rig.settled(null, 0);
    const { group } = rig.member;
    assert.ok(group);
    const error = refused("STALE_MEMBER_EPOCH");
    assert.deepEqual(rig.tell({ type: "commit-refused", error, group }), ["heartbeat"]);
    assert.deepEqual(rig.heard(3), []);
    const late = { type: "commit-refused", error: refused("UNKNOWN_MEMBER_ID"), group } as const;
    assert.deepEqual(rig.tell(late), []);
  });

  test("leaves for good, or as a static member for now", () => {
    for (const [instance, leave, epoch] of [
      [null, true, -1],
      ["one", false, -2],
      ["one", true, -1],
    ] as const) {
      const rig = Rig.settled(instance, 0);
      assert.deepEqual(rig.tell({ type: "close", leave }), ["revoke orders-0"]);
      assert.deepEqual(rig.done(), ["leave"]);
      assert.equal(rig.body.memberEpoch, epoch);
      assert.deepEqual(rig.tell({ type: "left" }), ["end"]);
    }
    const silent = Rig.settled(null, 0);
    silent.tell({ type: "close", leave: false });
    assert.deepEqual(silent.done(), ["end"]);
  });

  test("waits for its name to be released for as long as a session lasts, and then gives up", () => {
    const rig = new Rig("one");
    rig.subscribe("orders");
    const unreleased = refused("UNRELEASED_INSTANCE_ID");
    assert.deepEqual(rig.notHeard(unreleased), []);
    assert.deepEqual(rig.wait(releaseTimeoutMs - 1), ["heartbeat"]);
    assert.deepEqual(rig.notHeard(unreleased), []);
    assert.deepEqual(rig.wait(1_000), ["heartbeat"]);
    assert.match(rig.notHeard(unreleased)[0] ?? "", /^end: .*UNRELEASED_INSTANCE_ID/);
  });

  test("is over for good where there is nothing to be done", () => {
    const rig = Rig.settled(null, 0);
    rig.wait(intervalMs);
    assert.deepEqual(rig.notHeard(refused("GROUP_AUTHORIZATION_FAILED")), ["lose orders-0"]);
    assert.match(rig.done()[0] ?? "", /^end: .*ACL/);
  });
});

function refused(code: BrokerError["code"]): BrokerError {
  return refusal(brokerErrorNumber(code), "the test's request");
}
