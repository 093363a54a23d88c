import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Admin } from "../../src/client/admin/admin.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import { cooperativeSticky } from "../../src/client/group/assignors/cooperative-sticky.ts";
import { GroupOffsets } from "../../src/client/group/membership.ts";
import { Producer } from "../../src/client/producer/producer.ts";
import type { TopicPartition } from "../../src/client/topic-partition.ts";
import { Heartbeat } from "../../src/protocol/apis/heartbeat.ts";
import { startCluster, type TestCluster, withoutTools } from "../cluster.ts";
import { until } from "../until.ts";
import { clusterAt } from "./raw-cluster.ts";
import { RecordedMember } from "./recorded-member.ts";

const topics = ["orders"];
const numPartitions = 4;
const bound = { attempt: "the suite's commit", timeoutMs: 10_000 };
const quick = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 20_000 };
const orders = Array.from({ length: numPartitions }, (_, partition) => ({
  topic: "orders",
  partition,
}));
const nobody = { groupId: "nobody", generationId: 1, memberId: "nobody" };
const describeTool = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";

describe("the offsets of a group", () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let admin: Admin;

  before(async () => {
    kafka = await startCluster();
    cluster = clusterAt(kafka.bootstrapServers);
    admin = new Admin(cluster);
    await admin.topics.create({ name: "orders", numPartitions });
  });
  after(async () => {
    cluster?.close();
    await kafka?.close();
  });

  for (const hasMetadata of [false, true]) {
    const how = hasMetadata ? "by topic ids" : "by topic names";
    test(`come back as they were committed, without membership, ${how}`, async () => {
      const own = clusterAt(kafka.bootstrapServers);
      if (hasMetadata) await own.refresh(topics);
      const offsets = new GroupOffsets(own, "by-hand");
      const [first, second, third] = orders as [TopicPartition, TopicPartition, TopicPartition];
      await offsets.commit(
        [
          { ...first, offset: 5, leaderEpoch: 0, metadata: "so far" },
          { ...second, offset: 6 },
        ],
        bound,
      );
      const committed = await offsets.fetch([first, second, third], bound);
      assert.deepEqual(
        [...committed],
        [
          ["orders-0", { offset: 5, leaderEpoch: 0, metadata: "so far" }],
          ["orders-1", { offset: 6, leaderEpoch: -1, metadata: "" }],
          ["orders-2", undefined],
        ],
      );
      own.close();
    });
  }

  test("a member's commits are seen by Kafka's own tool, beside its partitions", {
    skip: withoutTools,
  }, async () => {
    const member = new RecordedMember(cluster, { groupId: "seen", topics, ...quick });
    await until("its partitions", async () => member.owned.size === numPartitions);
    await member.membership.offsets.commit(
      orders.map((one) => ({ ...one, offset: 3 })),
      bound,
    );
    const { bootstrapServers } = kafka;
    const args = ["--bootstrap-server", bootstrapServers, "--describe", "--group", "seen"];
    const lines = (await kafka.tool(describeTool, ...args))
      .split("\n")
      .filter((it) => it.startsWith("seen"));
    const { memberId } = member.membership.metadata ?? {};
    assert.equal(lines.length, numPartitions);
    for (const line of lines) {
      const [group, topic, , offset, , , consumer] = line.split(/\s+/);
      assert.deepEqual([group, topic, offset, consumer], ["seen", "orders", "3", memberId]);
    }
    await member.close();
  });

  test("of partitions that are not the member's are refused", async () => {
    const options = { groupId: "strange", topics, ...quick, assignors: [cooperativeSticky] };
    const first = new RecordedMember(cluster, options);
    const { offsets } = first.membership;
    const [partition] = orders as [TopicPartition];
    await assert.rejects(offsets.commit([{ ...partition, offset: 1 }], bound), {
      code: "PARTITIONS_LOST",
    });
    await until("its partitions", async () => first.owned.size === numPartitions);
    const second = new RecordedMember(cluster, options);
    await until("its share", async () => second.owned.size === numPartitions / 2);
    const [given] = [...second.owned] as [string];
    const partitionGiven = Number(given.split("-")[1]);
    await assert.rejects(
      offsets.commit([{ topic: "orders", partition: partitionGiven, offset: 1 }], bound),
      { code: "PARTITIONS_LOST", message: new RegExp(given) },
    );
    await Promise.all([first.close(), second.close()]);
    await assert.rejects(offsets.commit([{ ...partition, offset: 1 }], bound), {
      code: "PARTITIONS_LOST",
    });
  });

  test("of a member that the group has dropped are refused, also before it knows", async () => {
    const patient = { groupId: "expelled", topics, ...quick, heartbeatIntervalMs: 5_000 };
    const member = new RecordedMember(cluster, patient);
    await until("its partitions", async () => member.owned.size === numPartitions);
    const memberId = member.membership.metadata?.memberId ?? "";
    await admin.groups.removeMembers("expelled", { memberId });
    const [partition] = orders as [TopicPartition];
    const committing = member.membership.offsets.commit([{ ...partition, offset: 1 }], bound);
    await assert.rejects(committing, { code: "PARTITIONS_LOST" });
    await until("the way back", async () => member.history.length === 3);
    assert.deepEqual(
      member.history.map((one) => one.split(" ")[0]),
      ["assigned", "lost", "assigned"],
    );
    await member.close();
  });

  test("are committed through rebalances for as long as the partition stays", async () => {
    const options = { groupId: "busy", topics, ...quick, assignors: [cooperativeSticky] };
    const first = new RecordedMember(cluster, options);
    await until("its partitions", async () => first.owned.size === numPartitions);
    let offset = 0;
    let isOver = false;
    const [partition] = orders as [TopicPartition];
    const committing = (async () => {
      while (!isOver) {
        offset += 1;
        await first.membership.offsets.commit([{ ...partition, offset }], bound);
      }
    })();
    // What stays with the first member is its smallest partition: it was there first.
    for (let round = 0; round < 5; round += 1) {
      const passing = new RecordedMember(cluster, options);
      await until("a share", async () => passing.owned.size === numPartitions / 2);
      assert.ok(!passing.owned.has("orders-0"), "the partition that commits go to has moved");
      await passing.close();
      await until("all again", async () => first.owned.size === numPartitions);
    }
    isOver = true;
    await committing;
    const committed = await first.membership.offsets.fetch([partition], bound);
    assert.equal(committed.get("orders-0")?.offset, offset);
    await first.close();
  });

  test("of a transaction under way are waited for, on the word of the member", async () => {
    const member = new RecordedMember(cluster, { groupId: "exactly", topics, ...quick });
    await until("its partitions", async () => member.owned.size === numPartitions);
    const { offsets, metadata } = member.membership;
    const [partition] = orders as [TopicPartition];
    assert.ok(metadata);
    await offsets.commit([{ ...partition, offset: 1 }], bound);
    const producer = new Producer(cluster, { transactionalId: "exactly" });
    await producer.begin();
    await producer.sendOffsets([{ ...partition, offset: 2 }], metadata);
    const impatient = { ...bound, timeoutMs: 500 };
    await assert.rejects(offsets.fetch([partition], impatient), { code: "TIMED_OUT" });
    const fetching = offsets.fetch([partition], bound);
    await producer.commit();
    assert.equal((await fetching).get("orders-0")?.offset, 2);
    await producer.close();
    await member.close();
  });

  test("that cannot be are refused where they are made, and notes that are too long by the broker", async () => {
    const offsets = new GroupOffsets(cluster, "wrong");
    const [partition] = orders as [TopicPartition];
    await assert.rejects(offsets.commit([{ ...partition, offset: -1 }], bound), {
      code: "INVALID_ARGUMENT",
    });
    const metadata = "x".repeat(5_000);
    await assert.rejects(offsets.commit([{ ...partition, offset: 1, metadata }], bound), {
      code: "OFFSET_METADATA_TOO_LARGE",
      message: /orders-0 for group wrong.*offset\.metadata\.max\.bytes/,
    });
  });

  test("follow the coordinator when it goes and comes back", async () => {
    const options = { groupId: "following", topics, ...quick, sessionTimeoutMs: 30_000 };
    const member = new RecordedMember(cluster, options);
    await until("its partitions", async () => member.owned.size === numPartitions);
    const [partition] = orders as [TopicPartition];
    const patient = { ...bound, timeoutMs: 40_000 };
    await member.membership.offsets.commit([{ ...partition, offset: 1 }], patient);
    const restarting = kafka.restart(1);
    await until("the end of the connection", async () => {
      const asking = cluster.request("any", Heartbeat, nobody).then(
        () => false,
        () => true,
      );
      return asking;
    });
    await member.membership.offsets.commit([{ ...partition, offset: 2 }], patient);
    await restarting;
    const committed = await member.membership.offsets.fetch([partition], patient);
    assert.equal(committed.get("orders-0")?.offset, 2);
    assert.equal(member.failure, undefined);
    assert.equal(member.owned.size, numPartitions);
    await member.close();
  });
});
