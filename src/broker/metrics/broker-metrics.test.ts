import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { BrokerHarness, batchOf, virtualHost } from "../../../test/broker-harness.ts";
import { readExposition, type Samples } from "../../../test/exposition-reader.ts";
import { CreateTopics, DeleteTopics, Fetch, OffsetCommit, Produce } from "../../protocol/index.ts";
import { Broker } from "../broker.ts";

function metricsOf({ broker }: BrokerHarness): Samples {
  return readExposition(broker.metrics());
}

/** The value of a metric; `about` are its labels as they are written. */
function value(samples: Samples, name: string, about = ""): number | undefined {
  return samples.get(`millrace_broker_${name}${about && `{${about}}`}`);
}

async function fetchAll(harness: BrokerHarness, topic: string): Promise<number> {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }];
  const body = { maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, topics: [{ topic, partitions }] };
  const answer = await harness.ask(Fetch, 11, body);
  return answer.responses[0]?.partitions[0]?.records?.length ?? 0;
}

test("records and bytes are counted per topic, as they come and go", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("orders", 2);
  const batch = batchOf(["a", "b", "c"], harness.host.clock.now());
  const bytes = 2 * batch.length;
  await harness.produce("orders", 0, batch);
  await harness.produce("orders", 0, batchOf(["d", "e", "f"], harness.host.clock.now()));
  assert.equal(await fetchAll(harness, "orders"), bytes);
  const samples = metricsOf(harness);
  const topic = 'topic="orders"';
  assert.equal(value(samples, "topic_records_in_total", topic), 6);
  assert.equal(value(samples, "topic_bytes_in_total", topic), bytes);
  assert.equal(value(samples, "topic_records_out_total", topic), 6);
  assert.equal(value(samples, "topic_bytes_out_total", topic), bytes);
  assert.equal(value(samples, "topic_log_bytes", topic), bytes);
  assert.equal(value(samples, "topic_partitions", topic), 2);
});

test("a topic that is deleted takes its metrics along", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("orders");
  await harness.produce("orders", 0, batchOf(["a"], harness.host.clock.now()));
  assert.equal(value(metricsOf(harness), "topic_records_in_total", 'topic="orders"'), 1);
  await harness.ask(DeleteTopics, 5, { topicNames: ["orders"], timeoutMs: 1000 });
  assert.ok(!harness.broker.metrics().includes("orders"));
});

test("requests, their errors and how long they take are counted per API", async () => {
  await using harness = await BrokerHarness.start();
  const topic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const names = ["good", "bad name", "worse name"];
  const topics = names.map((name) => ({ ...topic, name }));
  await harness.ask(CreateTopics, 7, { topics, timeoutMs: 1000 });
  const samples = metricsOf(harness);
  assert.equal(value(samples, "requests_total", 'api="CreateTopics"'), 1);
  const error = 'api="CreateTopics",error="INVALID_TOPIC_EXCEPTION"';
  assert.equal(value(samples, "request_errors_total", error), 2);
  const duration = "request_duration_seconds";
  assert.equal(value(samples, `${duration}_count`, 'api="CreateTopics"'), 1);
  assert.equal(value(samples, `${duration}_bucket`, 'api="CreateTopics",le="0.0001"'), 1);
  assert.equal(value(samples, `${duration}_bucket`, 'api="CreateTopics",le="+Inf"'), 1);
  assert.equal(value(samples, "requests_total", 'api="DeleteTopics"'), undefined);
});

test("a fetch that waits takes as long as it waits, and one without an answer counts", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("orders");
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
  const body = { minBytes: 1, maxBytes: 1000, topics: [{ topic: "orders", partitions }] };
  await harness.ask(Fetch, 11, { ...body, maxWaitMs: 2_000 });
  const connection = await harness.connect();
  const records = batchOf(["a"], harness.host.clock.now());
  const topicData = [{ name: "orders", partitionData: [{ index: 0, records }] }];
  connection.send(Produce, 9, { acks: 0, timeoutMs: 1000, topicData });
  await harness.ask(Fetch, 11, { ...body, maxWaitMs: 1_000 });
  const samples = metricsOf(harness);
  assert.equal(value(samples, "requests_total", 'api="Produce"'), 1);
  assert.equal(value(samples, "request_duration_seconds_count", 'api="Produce"'), 0);
  assert.ok((value(samples, "request_duration_seconds_sum", 'api="Fetch"') as number) >= 2);
});

test("groups are counted by state, and how far they are behind by topic", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("orders", 2);
  for (const index of [0, 1]) {
    await harness.produce("orders", index, batchOf(["a", "b", "c"], harness.host.clock.now()));
  }
  const groupId = 'a "group"';
  const commit = (index: number, offset: number) => ({
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: "",
    topics: [
      {
        name: "orders",
        partitions: [
          {
            partitionIndex: index,
            committedOffset: offset,
            committedLeaderEpoch: -1,
            committedMetadata: "",
          },
        ],
      },
    ],
  });
  await harness.ask(OffsetCommit, 8, commit(0, 1));
  assert.equal(
    value(metricsOf(harness), "group_lag_records", 'group="a \\"group\\"",topic="orders"'),
    2,
  );
  await harness.ask(OffsetCommit, 8, commit(1, 3));
  const samples = metricsOf(harness);
  assert.equal(value(samples, "group_lag_records", 'group="a \\"group\\"",topic="orders"'), 2);
  assert.equal(value(samples, "groups", 'type="classic",state="Empty"'), 1);
});

test("what retention takes away is counted", async () => {
  await using harness = await BrokerHarness.start();
  await harness.createTopic("orders", 1, { "retention.ms": "1000", "file.delete.delay.ms": "0" });
  const batch = batchOf(["a"], harness.host.clock.now());
  const { length } = batch;
  await harness.produce("orders", 0, batch);
  const name = "retention_deleted_bytes_total";
  assert.equal(value(metricsOf(harness), name), 0);
  await harness.host.clock.sleep(600_000);
  assert.equal(value(metricsOf(harness), name), length);
  assert.equal(value(metricsOf(harness), "topic_log_bytes", 'topic="orders"'), 0);
});

test("connections are counted by listener", async () => {
  await using harness = await BrokerHarness.start();
  assert.equal(value(metricsOf(harness), "connections", 'listener="PLAINTEXT"'), 0);
  const connection = await harness.connect();
  await harness.connect();
  const samples = metricsOf(harness);
  assert.equal(value(samples, "connections", 'listener="PLAINTEXT"'), 2);
  assert.equal(value(samples, "connections_accepted_total"), 2);
  connection.close();
  await harness.host.clock.sleep(1);
  assert.equal(value(metricsOf(harness), "connections", 'listener="PLAINTEXT"'), 1);
});

test("metrics are served over HTTP at one path, to readers only", async () => {
  const host = virtualHost();
  const broker = await Broker.start({ host, metrics: { port: 0 } });
  const port = broker.metricsPort as number;
  const found = await ask(port, "GET", "/metrics?name=x");
  assert.equal(found.status, 200);
  assert.equal(found.type, "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(value(readExposition(found.body), "connections", 'listener="PLAINTEXT"'), 0);
  const head = await ask(port, "HEAD", "/metrics");
  assert.deepEqual([head.status, head.body], [200, ""]);
  assert.equal((await ask(port, "POST", "/metrics")).status, 405);
  assert.equal((await ask(port, "GET", "/")).status, 404);
  await broker.close();
  await assert.rejects(ask(port, "GET", "/metrics"), { code: "ECONNREFUSED" });
});

test("a broker that serves no metrics over HTTP still tells them", async () => {
  await using harness = await BrokerHarness.start();
  assert.equal(harness.broker.metricsPort, undefined);
  assert.ok(metricsOf(harness).size > 0);
});

function ask(port: number, method: string, path: string) {
  return new Promise<{ status: number | undefined; type: string | undefined; body: string }>(
    (resolve, reject) => {
      const sent = request({ port, host: "127.0.0.1", method, path, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () => {
          resolve({ status: response.statusCode, type: response.headers["content-type"], body });
        });
      });
      sent.on("error", reject);
      sent.end();
    },
  );
}
