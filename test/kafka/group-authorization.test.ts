import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Admin } from "../../src/client/admin/admin.ts";
import { Cluster } from "../../src/client/cluster.ts";
import { GroupOffsets } from "../../src/client/group/membership.ts";
import type { BrokerError } from "../../src/errors.ts";
import { systemHost } from "../../src/host.ts";
import { silentLogger } from "../../src/log.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { until } from "../until.ts";
import { allowAll, clusterAt } from "./raw-cluster.ts";
import { RecordedMember } from "./recorded-member.ts";

const bound = { attempt: "the suite's request", timeoutMs: 10_000 };
const orders = { topic: "orders", partition: 0 };

describe("groups under a broker that checks permissions", () => {
  let kafka: TestCluster;
  let cluster: Cluster;

  before(async () => {
    kafka = await startCluster({ sasl: true, authorizer: true });
    const superUser = clusterAt(kafka.bootstrapServers);
    const admin = new Admin(superUser);
    for (const name of ["orders", "secrets"]) await admin.topics.create({ name, numPartitions: 1 });
    // What has an ACL is closed to everyone else.
    await allowAll(superUser, "User:bob", { topic: "secrets", group: "theirs" });
    superUser.close();
    cluster = asAlice();
  });
  after(async () => {
    cluster?.close();
    await kafka?.close();
  });

  function asAlice(): Cluster {
    const [host = "", port] = (kafka.listeners.sasl[0] ?? "").split(":");
    const { settings } = clusterAt(kafka.bootstrapServers);
    const sasl = { mechanism: "PLAIN", username: "alice", password: "alice-secret" } as const;
    const bootstrap = [{ host, port: Number(port) }];
    return new Cluster({ ...settings, sasl, bootstrap }, systemHost, silentLogger);
  }

  for (const groupProtocol of ["classic", "consumer"] as const) {
    test(`${groupProtocol}: a group or topic without permission ends the membership with a sentence`, async () => {
      const forbidden = new RecordedMember(cluster, {
        groupId: "theirs",
        groupProtocol,
        topics: ["orders"],
      });
      await until("the refusal", async () => forbidden.failure !== undefined);
      assert.equal((forbidden.failure as BrokerError).code, "GROUP_AUTHORIZATION_FAILED");
      assert.match(String(forbidden.failure), /theirs.*ACL/);
      const curious = new RecordedMember(cluster, {
        groupId: `mine-${groupProtocol}`,
        groupProtocol,
        topics: ["orders", "secrets"],
      });
      await until("the refusal", async () => curious.failure !== undefined);
      assert.equal((curious.failure as BrokerError).code, "TOPIC_AUTHORIZATION_FAILED");
      assert.equal(curious.owned.size, 0);
    });
  }

  test("offsets of a group or topic without permission are refused with a sentence", async () => {
    const theirs = new GroupOffsets(cluster, "theirs");
    const refusedGroup = { code: "GROUP_AUTHORIZATION_FAILED", message: /theirs.*ACL/ };
    await assert.rejects(theirs.commit([{ ...orders, offset: 1 }], bound), refusedGroup);
    await assert.rejects(theirs.fetch([orders], bound), refusedGroup);
    const mine = new GroupOffsets(cluster, "mine");
    const secrets = { ...orders, topic: "secrets" };
    const refusedTopic = { code: "TOPIC_AUTHORIZATION_FAILED", message: /secrets-0.*ACL/ };
    const both = [orders, secrets].map((one) => ({ ...one, offset: 1 }));
    await assert.rejects(mine.commit(both, bound), refusedTopic);
    await assert.rejects(mine.fetch([orders, secrets], bound), refusedTopic);
  });
});
