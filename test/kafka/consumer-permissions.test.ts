import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client } from "millrace/client";
import { startCluster, type TestCluster } from "../cluster.ts";
import { allowAll, clusterAt } from "./raw-cluster.ts";

const timeout = 30_000;
const secrets = { topic: "secrets", partition: 0 };

describe("a consumer under a broker that checks who it is", { timeout: 60_000 }, () => {
  let kafka: TestCluster;
  let alice: Client;

  before(async () => {
    kafka = await startCluster({ sasl: true, authorizer: true });
    await using admin = new Client({ bootstrapServers: kafka.bootstrapServers });
    await admin.admin().topics.create({ name: "secrets", numPartitions: 1 });
    const superUser = clusterAt(kafka.bootstrapServers);
    // What has an ACL is closed to everyone else.
    await allowAll(superUser, "User:bob", { topic: "secrets", group: "theirs" });
    superUser.close();
    alice = clientOf("alice", "alice-secret");
  });
  after(async () => {
    await alice?.close();
    await kafka?.close();
  });

  function clientOf(username: string, password: string): Client {
    const sasl = { mechanism: "PLAIN", username, password } as const;
    return new Client({ bootstrapServers: kafka.listeners.sasl, sasl });
  }

  test("a topic without permission rejects the loop, by hand and by subscription", {
    timeout,
  }, async () => {
    for (const options of [{ assignment: [secrets] }, { topics: ["secrets"], groupId: "mine" }]) {
      const consumer = alice.consumer(options);
      await assert.rejects(consumer.poll({ timeoutMs: 20_000 }), {
        code: "TOPIC_AUTHORIZATION_FAILED",
        message: /ACL/,
      });
      await consumer.close();
    }
  });

  test("a group without permission rejects loops, commits and questions", { timeout }, async () => {
    const refused = { code: "GROUP_AUTHORIZATION_FAILED", message: /ACL/ };
    const member = alice.consumer({ topics: ["others"], groupId: "theirs" });
    await assert.rejects(member.poll({ timeoutMs: 20_000 }), refused);
    await member.close();
    const reader = alice.consumer({ assignment: [secrets], groupId: "theirs" });
    await assert.rejects(reader.committed([secrets]), refused);
    await assert.rejects(reader.commit([{ ...secrets, offset: 1 }]), refused);
    await reader.close();
  });

  test("a wrong password rejects the loop at once", { timeout }, async () => {
    await using stranger = clientOf("alice", "wrong");
    const consumer = stranger.consumer({ assignment: [secrets] });
    await assert.rejects(consumer.poll({ timeoutMs: 20_000 }), {
      code: "SASL_FAILED",
      message: /check user and password/,
    });
  });

  test("an address where nobody listens is tried for as long as the poll lasts, and warned of once", {
    timeout,
  }, async () => {
    const warnings: string[] = [];
    const quiet = () => {};
    const warn = (_: object, message: string) => void warnings.push(message);
    const logger = { debug: quiet, info: quiet, warn, error: quiet };
    await using lost = new Client({ bootstrapServers: "127.0.0.1:1", logger });
    const consumer = lost.consumer({ assignment: [secrets] });
    assert.deepEqual(await consumer.poll({ timeoutMs: 2_000 }), []);
    assert.deepEqual(warnings, ["the cluster is out of reach; trying again"]);
  });
});
