import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { brokerErrorNumber } from "../../src/broker-error-code.ts";
import { Admin } from "../../src/client/admin/admin.ts";
import type { Cluster } from "../../src/client/cluster.ts";
import { InitProducerId } from "../../src/protocol/apis/init-producer-id.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { until } from "../until.ts";
import { appendBatch, clusterAt } from "./raw-cluster.ts";

describe("administration of transactions", () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let admin: Admin;

  before(async () => {
    kafka = await startCluster();
    cluster = clusterAt(kafka.bootstrapServers);
    admin = new Admin(cluster);
    // Makes the topic in which transactions are kept, so that there are coordinators.
    await admin.producers.fence("first");
  });
  after(async () => {
    cluster?.close();
    await kafka?.close();
  });

  /** Leaves a transaction open, with two records in partition 0 of a topic of the same name. */
  async function openTransaction(name: string) {
    await admin.topics.create({ name });
    await admin.producers.fence(name);
    const coordinator = await cluster.coordinator("transaction", name);
    const body = { transactionalId: name, transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await cluster.request(coordinator, InitProducerId, body);
    const stamp = { producerId, producerEpoch, baseSequence: 0 };
    const timestamps = [Date.now(), Date.now()];
    const partition = { topic: name, partition: 0 };
    await appendBatch(cluster, { ...partition, timestamps, transactionalId: name, stamp });
    return { ...partition, producerId, producerEpoch };
  }

  function end(topic: string): Promise<{ readonly offset: number | undefined }> {
    const query = { topic, partition: 0, at: "latest" } as const;
    return admin.records.listOffsets(query, { isolationLevel: "read-committed" });
  }

  test("an open transaction is listed and described, with its producer", async () => {
    const { producerId, producerEpoch, ...partition } = await openTransaction("open");
    const listed = await admin.transactions.list({
      states: ["ongoing"],
      producerIds: [producerId],
    });
    const listing = { transactionalId: "open", producerId, state: "ongoing", coordinator: 1 };
    assert.deepEqual(listed, [listing]);
    const { startTimeMs, ...described } = await admin.transactions.describe("open");
    assert.equal(typeof startTimeMs, "number");
    assert.deepEqual(described, {
      ...listing,
      producerEpoch,
      timeoutMs: 60_000,
      partitions: [partition],
    });
    const [producer] = await admin.producers.describe(partition);
    assert.equal(producer?.producerId, producerId);
    assert.equal(producer?.lastSequence, 1);
    assert.equal(producer?.currentTransactionStartOffset, 0);
    assert.equal(producer?.coordinatorEpoch, undefined);
    assert.deepEqual(await admin.producers.describe(partition, { broker: 1 }), [producer]);
  });

  test("transactions are listed by pattern and by how long they have been open", async () => {
    await admin.producers.fence(["patterned-1", "patterned-2"]);
    const ids = async (options: Parameters<typeof admin.transactions.list>[0]) =>
      (await admin.transactions.list(options)).map(({ transactionalId }) => transactionalId);
    assert.deepEqual(await ids({ transactionalIdPattern: "patterned-.*" }), [
      "patterned-1",
      "patterned-2",
    ]);
    const { producerId } = await openTransaction("patterned-3");
    assert.deepEqual(await ids({ longerThanMs: 3_600_000 }), []);
    await until("a transaction that has been open for a while", async () => {
      const listed = await ids({ longerThanMs: 50, producerIds: [producerId] });
      return listed.length === 1;
    });
    await assert.rejects(ids({ transactionalIdPattern: "(" }), {
      code: "INVALID_REGULAR_EXPRESSION",
    });
  });

  test("a hanging transaction is aborted by its start offset, and readers go on", async () => {
    const { producerId, producerEpoch, ...partition } = await openTransaction("hanging");
    assert.equal((await end("hanging")).offset, 0);
    await assert.rejects(admin.transactions.abort({ ...partition, startOffset: 1 }), {
      code: "INVALID_ARGUMENT",
      message: /no open transaction begins at offset 1 of hanging-0/,
    });
    await admin.transactions.abort({ ...partition, startOffset: 0 });
    await until("records that can be read", async () => (await end("hanging")).offset === 3);
    const [producer] = await admin.producers.describe(partition);
    assert.equal(producer?.currentTransactionStartOffset, undefined);
  });

  test("a hanging transaction is aborted by its producer", async () => {
    const { producerId, producerEpoch, ...partition } = await openTransaction("hanging-too");
    const owner = { producerId, producerEpoch, coordinatorEpoch: 0 };
    await assert.rejects(
      admin.transactions.abort({ ...partition, ...owner, producerEpoch: producerEpoch - 1 }),
      { code: "INVALID_PRODUCER_EPOCH" },
    );
    await admin.transactions.abort({ ...partition, ...owner });
    await until("records that can be read", async () => (await end("hanging-too")).offset === 3);
  });

  test("fencing a producer aborts its transaction and shuts it out", async () => {
    const { producerId, producerEpoch, topic } = await openTransaction("fenced");
    const fenced = await admin.producers.fence("fenced");
    assert.equal(fenced.producerId, producerId);
    assert.equal(fenced.producerEpoch > producerEpoch, true);
    const { state } = await admin.transactions.describe("fenced");
    assert.equal(["complete-abort", "empty"].includes(state), true, state);
    await until("records that can be read", async () => (await end(topic)).offset === 3);
    const late = { topic, partition: 0, timestamps: [Date.now()], transactionalId: "fenced" };
    const stamp = { producerId, producerEpoch, baseSequence: 2 };
    await assert.rejects(appendBatch(cluster, { ...late, stamp }), {
      actual: brokerErrorNumber("INVALID_PRODUCER_EPOCH"),
    });
  });

  test("what is not there is told without waiting", async () => {
    await assert.rejects(admin.transactions.describe("nobody"), {
      code: "TRANSACTIONAL_ID_NOT_FOUND",
    });
    const outcomes = await admin.transactions.describe(["open", "nobody"]);
    assert.deepEqual(
      [...outcomes].map(([name, { state }]) => [name, state]),
      [
        ["open", "done"],
        ["nobody", "failed"],
      ],
    );
    await assert.rejects(admin.producers.describe({ topic: "nowhere", partition: 0 }), {
      code: "UNKNOWN_TOPIC_OR_PARTITION",
    });
    await assert.rejects(admin.producers.describe({ topic: "open", partition: 0 }, { broker: 9 }), {
      code: "BROKER_NOT_AVAILABLE",
    });
  });
});
