import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Admin } from "../../src/client/admin/admin.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import type { Assignor } from "../../src/client/group/assignor.ts";
import { cooperativeSticky } from "../../src/client/group/assignors/cooperative-sticky.ts";
import { range } from "../../src/client/group/assignors/range.ts";
import { roundRobin } from "../../src/client/group/assignors/round-robin.ts";
import { sticky } from "../../src/client/group/assignors/sticky.ts";
import type { MembershipOptions } from "../../src/client/group/membership.ts";
import { startCluster, type TestCluster, withoutTools } from "../cluster.ts";
import { until } from "../until.ts";
import { JavaTool } from "./java-tool.ts";
import { clusterAt } from "./raw-cluster.ts";
import { RecordedMember } from "./recorded-member.ts";

const consoleConsumer = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const groupCommand = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
const topic = "orders";
const total = 6;
const quick = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 20_000 };
const javaName = (name: string) => `org.apache.kafka.clients.consumer.${name}Assignor`;

describe("groups shared with Java consumers", () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let admin: Admin;
  const started: JavaTool[] = [];

  before(async () => {
    kafka = await startCluster({
      properties: {
        "group.consumer.heartbeat.interval.ms": 200,
        "group.consumer.min.heartbeat.interval.ms": 200,
      },
    });
    cluster = clusterAt(kafka.bootstrapServers);
    admin = new Admin(cluster);
    await admin.topics.create({ name: topic, numPartitions: total });
  });
  after(async () => {
    await Promise.all(started.map((tool) => tool.stop()));
    cluster?.close();
    await kafka?.close();
  });

  function join(groupId: string, options: Partial<MembershipOptions> = {}): RecordedMember {
    return new RecordedMember(cluster, { groupId, topics: [topic], ...quick, ...options });
  }

  async function joinFromJava(groupId: string, ...properties: string[]): Promise<JavaTool> {
    const args = properties.flatMap((property) => ["--command-property", property]);
    const tool = await JavaTool.start(
      kafka,
      consoleConsumer,
      ...["--topic", topic, "--group", groupId, ...args],
    );
    started.push(tool);
    return tool;
  }

  const assignors: readonly [Assignor, string][] = [
    [range, "Range"],
    [roundRobin, "RoundRobin"],
    [sticky, "Sticky"],
    [cooperativeSticky, "CooperativeSticky"],
  ];
  for (const [assignor, name] of assignors) {
    test(`${assignor.name}: each side leads the other in turn`, {
      skip: withoutTools,
    }, async () => {
      const groupId = `mixed-${assignor.name}`;
      const strategy = `partition.assignment.strategy=${javaName(name)}`;
      const first = join(groupId, { assignors: [assignor] });
      await until("all partitions", async () => first.owned.size === total);
      const java = await joinFromJava(groupId, strategy, "heartbeat.interval.ms=200");
      await halved(groupId, first);
      await first.close();
      const second = join(groupId, { assignors: [assignor] });
      await halved(groupId, second);
      await java.stop();
      await until("all partitions", async () => second.owned.size === total);
      await second.close();
    });
  }

  test("the consumer protocol: a Java member and one of ours share", {
    skip: withoutTools,
  }, async () => {
    const groupId = "modern";
    const member = join(groupId, { groupProtocol: "consumer" });
    await until("all partitions", async () => member.owned.size === total);
    const java = await joinFromJava(groupId, "group.protocol=consumer");
    await halved(groupId, member);
    await java.stop();
    await until("all partitions", async () => member.owned.size === total);
    await member.close();
  });

  test("members of both protocols share a group, as in a rolling upgrade", async () => {
    const groupId = "upgrading";
    const old = join(groupId);
    await until("all partitions", async () => old.owned.size === total);
    const modern = join(groupId, { groupProtocol: "consumer" });
    await halved(groupId, old);
    await until("the other half", async () => modern.owned.size === total / 2);
    await old.close();
    await until("all partitions", async () => modern.owned.size === total);
    await modern.close();
  });

  /** Waits until a member has half of the partitions and, as Kafka's tool sees it, another the rest. */
  async function halved(groupId: string, member: RecordedMember): Promise<void> {
    await until("half of the partitions", async () => member.owned.size === total / 2, 30_000);
    await until("a group at rest", async () => {
      return (await admin.groups.describe(groupId)).state === "stable";
    });
    const { bootstrapServers } = kafka;
    const args = ["--bootstrap-server", bootstrapServers, "--describe", "--group", groupId];
    const table = await kafka.tool(groupCommand, ...args);
    const lines = table.split("\n").filter((line) => line.startsWith(groupId));
    const owners = lines.map((line) => {
      const [, name, partition, , , , memberId] = line.split(/\s+/);
      return [`${name}-${partition}`, memberId] as const;
    });
    const { memberId } = member.membership.metadata ?? {};
    const ours = owners.filter(([, owner]) => owner === memberId).map(([name]) => name);
    assert.deepEqual(ours.sort(), [...member.owned].sort());
    const others = new Set(owners.map(([, owner]) => owner).filter((owner) => owner !== memberId));
    assert.equal(others.size, 1);
    assert.equal(owners.length, total);
    assert.ok(!others.has("-"), table);
  }
});
