import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Admin } from "../../src/client/admin/admin.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import type { Assignor } from "../../src/client/group/assignor.ts";
import { cooperativeSticky } from "../../src/client/group/assignors/cooperative-sticky.ts";
import { range } from "../../src/client/group/assignors/range.ts";
import { roundRobin } from "../../src/client/group/assignors/round-robin.ts";
import { sticky } from "../../src/client/group/assignors/sticky.ts";
import type { MembershipOptions } from "../../src/client/group/membership.ts";
import type { BrokerError } from "../../src/errors.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { until } from "../until.ts";
import { clusterAt } from "./raw-cluster.ts";
import { Ledger, RecordedMember } from "./recorded-member.ts";

const topics = ["orders", "returns"];
const partitionsPerTopic = 6;
const total = topics.length * partitionsPerTopic;
const quick = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 20_000 };

describe("members of classic groups", () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let admin: Admin;

  before(async () => {
    kafka = await startCluster({ properties: { "group.min.session.timeout.ms": 1_000 } });
    cluster = clusterAt(kafka.bootstrapServers);
    admin = new Admin(cluster);
    for (const name of topics)
      await admin.topics.create({ name, numPartitions: partitionsPerTopic });
  });
  after(async () => {
    cluster?.close();
    await kafka?.close();
  });

  function join(
    options: Partial<MembershipOptions> & { readonly groupId: string },
    ledger?: Ledger,
  ) {
    return new RecordedMember(cluster, { topics, ...quick, ...options }, ledger);
  }

  for (const assignor of [range, roundRobin, sticky, cooperativeSticky]) {
    test(`with ${assignor.name}, partitions follow members that come and go`, async () => {
      await comeAndGo(assignor);
    });
  }

  test("a static member that returns under its name gets its partitions back without a rebalance", async () => {
    const options = { groupId: "static", sessionTimeoutMs: 30_000 };
    const leader = join({ ...options, groupInstanceId: "one" });
    const other = join({ ...options, groupInstanceId: "two" });
    await shared([leader, other]);
    await atRest([leader, other]);
    const generation = other.membership.metadata?.generationId;
    for (const [member, name] of [
      [other, "two"],
      [leader, "one"],
    ] as const) {
      const before = [...member.owned];
      const remaining = member === other ? leader : other;
      const history = [...remaining.history];
      await member.close();
      const returned = join({ ...options, groupInstanceId: name });
      await until("the return", async () => returned.owned.size === before.length);
      assert.deepEqual([...returned.owned], before);
      assert.equal(returned.membership.metadata?.generationId, generation);
      assert.deepEqual(remaining.history.slice(0, history.length), history);
      await returned.close();
    }
  });

  test("a second member under the same name fences the first for good", async () => {
    const options = { groupId: "fenced", groupInstanceId: "same" };
    const first = join(options);
    await shared([first]);
    const second = join(options);
    await until("the first to be fenced", async () => first.failure !== undefined);
    assert.equal((first.failure as BrokerError).code, "FENCED_INSTANCE_ID");
    assert.equal(first.history.at(-1)?.split(" ")[0], "lost");
    assert.equal(first.membership.metadata, undefined);
    await shared([second]);
    await second.close({ leave: true });
  });

  test("a static member that is asked to leaves the group at once", async () => {
    const options = { groupId: "leaving", sessionTimeoutMs: 30_000 };
    const first = join({ ...options, groupInstanceId: "one" });
    const second = join({ ...options, groupInstanceId: "two" });
    await shared([first, second]);
    await first.close({ leave: true });
    await shared([second]);
    await second.close({ leave: true });
    await until("an empty group", async () => {
      const group = await admin.groups.describe("leaving");
      return group.state === "empty";
    });
  });

  test("a member that the group has dropped loses its partitions and comes back", async () => {
    const options = { groupId: "dropped", assignors: [cooperativeSticky] };
    const first = join(options);
    const second = join(options);
    await shared([first, second]);
    await atRest([first, second]);
    const memberId = first.membership.metadata?.memberId ?? "";
    await admin.groups.removeMembers("dropped", { memberId });
    await until("the loss", async () => first.history.some((one) => one.startsWith("lost")));
    await shared([first, second]);
    assert.notEqual(first.membership.metadata?.memberId, memberId);
    await Promise.all([first.close(), second.close()]);
  });

  test("heartbeats go on while partitions are given up for longer than the session", async () => {
    const options = { groupId: "slow", sessionTimeoutMs: 1_000, assignors: [cooperativeSticky] };
    const first = join(options);
    await shared([first]);
    let hasFinished = false;
    first.onRevoked = async () => {
      await delay(2_500);
      hasFinished = true;
    };
    const { memberId } = first.membership.metadata ?? {};
    const second = join(options);
    await shared([first, second]);
    assert.ok(hasFinished);
    assert.equal(first.membership.metadata?.memberId, memberId);
    first.onRevoked = async () => {};
    await Promise.all([first.close(), second.close()]);
  });

  test("a pattern takes in topics that come, and partitions that are added are shared out", async () => {
    const groupId = "pattern";
    const members = [0, 1].map(() => join({ groupId, topics: /^late-/ }));
    await until("a generation without topics", async () =>
      members.every(({ membership }) => membership.metadata !== undefined),
    );
    await admin.topics.create({ name: "late-one", numPartitions: 2 });
    await cluster.refresh("all");
    await until("a partition each", async () => members.every(({ owned }) => owned.size === 1));
    await admin.partitions.create({ topic: "late-one", numPartitions: 4 });
    await cluster.refresh("all");
    await until("two partitions each", async () => members.every(({ owned }) => owned.size === 2));
    await Promise.all(members.map((member) => member.close()));
  });

  test("a topic that is missing when its members join is shared out once it is there", async () => {
    const member = join({ groupId: "early", topics: ["expected"] });
    await until("a generation", async () => member.membership.metadata !== undefined);
    await admin.topics.create({ name: "expected", numPartitions: 3 });
    await until("its partitions", async () => member.owned.size === 3);
    await member.close();
  });

  test("a topic whose name cannot be ends the membership with a sentence", async () => {
    const member = join({ groupId: "misnamed", topics: ["orders", "no such/name"] });
    await until("the refusal", async () => member.failure !== undefined);
    assert.equal((member.failure as BrokerError).code, "INVALID_TOPIC_EXCEPTION");
    assert.match(String(member.failure), /no such\/name/);
  });

  test("a member that changes its subscription keeps what stays in it", async () => {
    const member = join({
      groupId: "changing",
      topics: ["orders"],
      assignors: [cooperativeSticky],
    });
    await until("one topic", async () => member.owned.size === partitionsPerTopic);
    member.membership.updateTopics(topics);
    await until("both topics", async () => member.owned.size === total);
    assert.ok(!member.history.some((one) => one.startsWith("revoked")));
    member.membership.updateTopics(["returns"]);
    await until("the other topic", async () => member.owned.size === partitionsPerTopic);
    assert.ok(member.owned.has("returns-0"));
    await member.close();
  });

  test("a custom assignor hears what members tell, and tells them what it decides", async () => {
    const heard: string[] = [];
    const everythingToTheWisest: Assignor = {
      name: "wisest",
      protocols: ["eager"],
      subscriptionUserData: () => Buffer.from("wise"),
      assign(known, members) {
        heard.push(...members.map(({ userData }) => String(userData)));
        const partitions = [...known].flatMap(([topic, list]) =>
          list.map(({ partition }) => ({ topic, partition })),
        );
        const share = (index: number) => (index === 0 ? partitions : []);
        return new Map(
          members.map(({ memberId }, index) => [
            memberId,
            { partitions: share(index), userData: Buffer.from(`place ${index}`) },
          ]),
        );
      },
      onAssignment({ userData }, { groupId }) {
        heard.push(`${groupId}: ${Buffer.from(userData ?? []).toString()}`);
      },
    };
    const member = join({ groupId: "custom", assignors: [everythingToTheWisest] });
    await until("its partitions", async () => member.owned.size === total);
    assert.deepEqual(heard, ["wise", "custom: place 0"]);
    await member.close();
  });

  test("a member whose assignors nobody shares, and one whose assignor fails, say so", async () => {
    const first = join({ groupId: "quarrel", assignors: [roundRobin] });
    await shared([first]);
    const second = join({ groupId: "quarrel", assignors: [sticky] });
    await until("the refusal", async () => second.failure !== undefined);
    assert.equal((second.failure as BrokerError).code, "INCONSISTENT_GROUP_PROTOCOL");
    await first.close();
    const assign = () => {
      throw new RangeError("I cannot count");
    };
    const clumsy = join({ groupId: "clumsy", assignors: [{ ...range, assign }] });
    await until("the failure", async () => clumsy.failure !== undefined);
    assert.match(String(clumsy.failure?.cause), /I cannot count/);
  });

  async function comeAndGo(assignor: Assignor): Promise<void> {
    const ledger = new Ledger();
    const options = { groupId: `moving-${assignor.name}`, assignors: [assignor] };
    const first = join(options, ledger);
    await shared([first]);
    const second = join(options, ledger);
    await shared([first, second]);
    const third = join(options, ledger);
    await shared([first, second, third]);
    const kept = new Set(second.owned);
    await first.close();
    assert.equal(first.owned.size, 0);
    await shared([second, third]);
    const isSticky = assignor === sticky || assignor === cooperativeSticky;
    if (isSticky) assert.ok(kept.isSubsetOf(second.owned));
    await Promise.all([second.close(), third.close()]);
    assert.deepEqual(ledger.conflicts, []);
    assert.equal(first.failure ?? second.failure ?? third.failure, undefined);
  }

  /** Waits until no rebalance is due: in one generation, with the same heard twice. */
  async function atRest(members: readonly RecordedMember[]): Promise<void> {
    await until("a group at rest", async () => {
      const group = await admin.groups.describe(members[0]?.membership.metadata?.groupId ?? "");
      const generations = new Set(members.map((it) => it.membership.metadata?.generationId));
      return group.state === "stable" && generations.size === 1;
    });
  }

  async function shared(members: readonly RecordedMember[]): Promise<void> {
    const share = total / members.length;
    await until(`${members.length} members with ${share} partitions each`, async () =>
      members.every(({ owned }) => owned.size === share),
    );
  }
});
