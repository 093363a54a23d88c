import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Admin } from "../../src/client/admin/admin.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import type { MembershipOptions } from "../../src/client/group/membership.ts";
import type { BrokerError } from "../../src/errors.ts";
import { ConsumerGroupHeartbeat } from "../../src/protocol/apis/consumer-group-heartbeat.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { until } from "../until.ts";
import { clusterAt } from "./raw-cluster.ts";
import { Ledger, RecordedMember } from "./recorded-member.ts";

const topics = ["orders", "returns"];
const partitionsPerTopic = 6;
const total = topics.length * partitionsPerTopic;
const bound = { attempt: "the suite's commit", timeoutMs: 10_000 };

describe("members of consumer groups (KIP-848)", () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let admin: Admin;

  before(async () => {
    kafka = await startCluster({
      properties: {
        "group.consumer.heartbeat.interval.ms": 200,
        "group.consumer.min.heartbeat.interval.ms": 200,
        "group.consumer.session.timeout.ms": 3_000,
        "group.consumer.min.session.timeout.ms": 1_000,
      },
    });
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
    const protocol = { groupProtocol: "consumer", sessionTimeoutMs: 6_000 } as const;
    return new RecordedMember(cluster, { topics, ...protocol, ...options }, ledger);
  }

  for (const serverAssignor of ["uniform", "range"]) {
    test(`with the broker's ${serverAssignor} assignor, partitions follow members that come and go`, async () => {
      const ledger = new Ledger();
      const options = { groupId: `moving-${serverAssignor}`, serverAssignor };
      const first = join(options, ledger);
      await shared([first]);
      const second = join(options, ledger);
      await shared([first, second]);
      const third = join(options, ledger);
      await shared([first, second, third]);
      await first.close();
      await shared([second, third]);
      await Promise.all([second.close(), third.close()]);
      assert.deepEqual(ledger.conflicts, []);
      assert.equal(first.failure ?? second.failure ?? third.failure, undefined);
      const group = await admin.groups.describe(options.groupId);
      assert.equal(group.state, "empty");
    });
  }

  test("what a member commits while it gives partitions up is where the next one begins", async () => {
    const options = { groupId: "committing" };
    const first = join(options);
    await shared([first]);
    first.onRevoked = (partitions) =>
      first.membership.offsets.commit(
        partitions.map((one) => ({ ...one, offset: 7, metadata: "going" })),
        bound,
      );
    const second = join(options);
    await shared([first, second]);
    const given = [...second.owned].map((name) => {
      const [topic = "", partition] = name.split("-");
      return { topic, partition: Number(partition) };
    });
    const committed = await second.membership.offsets.fetch(given, bound);
    assert.deepEqual(
      [...committed.values()],
      given.map(() => ({ offset: 7, leaderEpoch: -1, metadata: "going" })),
    );
    first.onRevoked = async () => {};
    await Promise.all([first.close(), second.close()]);
  });

  test("a commit under an epoch that is over by then is repeated under the next", async () => {
    const options = { groupId: "stale" };
    const first = join(options);
    await shared([first]);
    const partition = { topic: "orders", partition: 0 };
    const others: RecordedMember[] = [];
    for (let offset = 1; offset <= 3; offset += 1) {
      others.push(join({ ...options, topics: ["returns"] }));
      const epoch = first.membership.metadata?.generationId;
      const deadline = Date.now() + 10_000;
      while (first.membership.metadata?.generationId === epoch) {
        assert.ok(Date.now() < deadline, "the epoch did not change");
        await first.membership.offsets.commit([{ ...partition, offset }], bound);
      }
    }
    const committed = await first.membership.offsets.fetch([partition], bound);
    assert.equal(committed.get("orders-0")?.offset, 3);
    await Promise.all([first, ...others].map((member) => member.close()));
  });

  test("a member that the group has dropped loses its partitions and comes back under its id", async () => {
    const options = { groupId: "dropped" };
    const first = join(options);
    const second = join(options);
    await shared([first, second]);
    const { memberId = "", groupId = "" } = first.membership.metadata ?? {};
    const coordinator = await cluster.coordinator("group", groupId);
    const leave = { groupId, memberId, memberEpoch: -1 };
    const { errorCode } = await cluster.request(coordinator, ConsumerGroupHeartbeat, leave);
    assert.equal(errorCode, 0);
    await until("the loss", async () => first.history.some((one) => one.startsWith("lost")));
    await shared([first, second]);
    assert.equal(first.membership.metadata?.memberId, memberId);
    await Promise.all([first.close(), second.close()]);
  });

  test("a static member that returns in time gets its partitions back, and the others keep theirs", async () => {
    const options = { groupId: "static" };
    const first = join({ ...options, groupInstanceId: "one" });
    const other = join({ ...options, groupInstanceId: "two" });
    await shared([first, other]);
    const before = new Set(first.owned);
    const history = [...other.history];
    await first.close();
    const returned = join({ ...options, groupInstanceId: "one" });
    await shared([returned, other]);
    assert.deepEqual(returned.owned, before);
    assert.deepEqual(other.history, history);
    await returned.close({ leave: true });
    await shared([other]);
    await other.close({ leave: true });
  });

  test("a name whose holder lives is refused for good, and waited for when it has died", async () => {
    const options = { groupId: "name", groupInstanceId: "same" };
    const first = join(options);
    await shared([first]);
    const impatient = join({ ...options, sessionTimeoutMs: 500, heartbeatIntervalMs: 100 });
    await until("the refusal", async () => impatient.failure !== undefined);
    assert.equal((impatient.failure as BrokerError).code, "UNRELEASED_INSTANCE_ID");
    await first.close({ leave: true });
    const crashing = clusterAt(kafka.bootstrapServers);
    const membership = { ...options, topics, groupProtocol: "consumer" } as const;
    const crashed = new RecordedMember(crashing, membership);
    await shared([crashed]);
    crashing.close();
    await until("the crash", async () => crashed.failure !== undefined);
    const second = join(options);
    await shared([second]);
    await second.close({ leave: true });
  });

  test("a pattern takes in topics that come, and a changed subscription is followed", async () => {
    const member = join({ groupId: "pattern", topics: /^late-/ });
    await until("an epoch without topics", async () => member.membership.metadata !== undefined);
    await admin.topics.create({ name: "late-one", numPartitions: 2 });
    await cluster.refresh("all");
    await until("its partitions", async () => member.owned.size === 2);
    member.membership.updateTopics(["returns"]);
    await until("another topic", async () => member.owned.has("returns-0"));
    await until("none of the first", async () => member.owned.size === partitionsPerTopic);
    await member.close();
  });

  test("an assignor that the broker does not know ends the membership", async () => {
    const member = join({ groupId: "wise", serverAssignor: "wisest" });
    await until("the refusal", async () => member.failure !== undefined);
    assert.equal((member.failure as BrokerError).code, "UNSUPPORTED_ASSIGNOR");
    assert.deepEqual(member.history, []);
  });

  async function shared(members: readonly RecordedMember[]): Promise<void> {
    const share = total / members.length;
    await until(`${members.length} members with ${share} partitions each`, async () =>
      members.every(({ owned }) => owned.size === share),
    );
  }
});
