import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Admin } from "../../src/client/admin/admin.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import { startKafka } from "../../tools/kafka/kafka.ts";
import type { KafkaCluster } from "../../tools/kafka/kafka-cluster.ts";
import { withoutNodes } from "../cluster.ts";
import { until } from "../until.ts";
import { clusterAt } from "./raw-cluster.ts";
import { Ledger, RecordedMember } from "./recorded-member.ts";

const topic = "orders";
const total = 4;
const bound = { attempt: "the suite's commit", timeoutMs: 30_000 };

describe("a group whose coordinator is killed, on three nodes", { skip: withoutNodes }, () => {
  let kafka: KafkaCluster;
  let cluster: Cluster;

  before(async () => {
    kafka = await startKafka({
      nodes: 3,
      properties: {
        "broker.session.timeout.ms": 3_000,
        "group.consumer.heartbeat.interval.ms": 500,
        "group.consumer.min.heartbeat.interval.ms": 500,
      },
    });
    cluster = clusterAt(kafka.bootstrapServers, 5_000);
    const replicationFactor = 3;
    await new Admin(cluster).topics.create({
      name: topic,
      numPartitions: total,
      replicationFactor,
    });
  });
  after(async () => {
    cluster?.close();
    await kafka?.close();
  });

  for (const groupProtocol of ["classic", "consumer"] as const) {
    test(`${groupProtocol}: members go on at another, keep what they have, and take newcomers in`, async () => {
      const ledger = new Ledger();
      const options = { groupId: `killed-${groupProtocol}`, groupProtocol, topics: [topic] };
      const quick = { ...options, sessionTimeoutMs: 30_000, heartbeatIntervalMs: 500 };
      const members = [0, 1].map(() => new RecordedMember(cluster, quick, ledger));
      await shared(members);
      const histories = members.map(({ history }) => [...history]);
      const [first] = members as [RecordedMember, RecordedMember];
      const [owned = ""] = first.owned;
      const partition = { topic, partition: Number(owned.split("-")[1]) };
      const { offsets } = first.membership;
      await offsets.commit([{ ...partition, offset: 1 }], bound);
      const coordinator = await cluster.coordinator("group", options.groupId);
      await kafka.kill(coordinator);
      await offsets.commit([{ ...partition, offset: 2 }], bound);
      const committed = await offsets.fetch([partition], bound);
      assert.equal(committed.get(owned)?.offset, 2);
      assert.notEqual(await cluster.coordinator("group", options.groupId), coordinator);
      assert.deepEqual(
        members.map(({ history }) => history),
        histories,
      );
      members.push(
        new RecordedMember(cluster, quick, ledger),
        new RecordedMember(cluster, quick, ledger),
      );
      await shared(members);
      assert.deepEqual(ledger.conflicts, []);
      for (const { failure } of members) assert.equal(failure, undefined);
      await Promise.all(members.map((member) => member.close()));
      await kafka.restart(coordinator);
    });
  }

  async function shared(members: readonly RecordedMember[]): Promise<void> {
    const share = total / members.length;
    await until(
      `${members.length} members with ${share} partitions each`,
      async () => members.every(({ owned }) => owned.size === share),
      30_000,
    );
  }
});
