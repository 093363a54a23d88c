import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokerHarness, virtualHost } from "../../../test/broker-harness.ts";
import { RawClient } from "../../../test/raw-client.ts";
import { createIdentity } from "../../../tools/kafka/certificate.ts";
import { Client, string } from "../../client/index.ts";
import { ApiVersions, Fetch, Produce } from "../../protocol/index.ts";
import { Broker } from "../broker.ts";

const authority = createIdentity("authority", "authority");
const server = createIdentity("broker", "server", authority);
const user = createIdentity("alice", "client", authority);
const stranger = createIdentity("mallory", "client", createIdentity("other", "authority"));

const trusted = { ca: authority.certificate };
const identity = { cert: server.certificate, key: server.key };
const alice = { cert: user.certificate, key: user.key };
const mallory = { cert: stranger.certificate, key: stranger.key };

async function sendAndCount(client: Client): Promise<number> {
  await client.admin().topics.create([{ name: "t", numPartitions: 1 }]);
  await using producer = client.producer({ value: string });
  const { offset } = await producer.send({ topic: "t", value: "x".repeat(300_000) });
  return offset;
}

test("a client talks TLS with a broker that it trusts", async () => {
  await using broker = await Broker.start({ listeners: [{ port: 0, tls: identity }] });
  const { bootstrapServers } = broker;
  await using client = new Client({ bootstrapServers, tls: trusted });
  assert.equal(await sendAndCount(client), 0);
});

test("a listener that requires certificates lets in only who has one of its authority", async () => {
  const tls = { ...identity, ...trusted, clientAuth: "required" } as const;
  await using broker = await Broker.start({ listeners: [{ port: 0, tls }] });
  const { bootstrapServers } = broker;
  await using good = new Client({ bootstrapServers, tls: { ...trusted, ...alice } });
  assert.equal(await sendAndCount(good), 0);
  for (const own of [{}, mallory]) {
    await using bad = new Client({ bootstrapServers, tls: { ...trusted, ...own } });
    await assert.rejects(bad.admin().cluster.describe({ timeoutMs: 300 }));
  }
});

test("a listener that asks for certificates lets in who has none, but nobody with a bad one", async () => {
  const tls = { ...identity, ...trusted, clientAuth: "requested" } as const;
  await using broker = await Broker.start({ listeners: [{ port: 0, tls }] });
  const { bootstrapServers } = broker;
  await using anonymous = new Client({ bootstrapServers, tls: trusted });
  assert.equal(await sendAndCount(anonymous), 0);
  await using bad = new Client({ bootstrapServers, tls: { ...trusted, ...mallory } });
  await assert.rejects(bad.admin().cluster.describe({ timeoutMs: 300 }));
});

test("the name in a client's certificate is who it is to the access control list", async () => {
  const tls = { ...identity, ...trusted, clientAuth: "required" } as const;
  const configs = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:CN=alice",
  };
  await using broker = await Broker.start({ listeners: [{ port: 0, tls }], configs });
  const { bootstrapServers } = broker;
  await using client = new Client({ bootstrapServers, tls: { ...trusted, ...alice } });
  assert.equal(await sendAndCount(client), 0);
});

test("a SASL listener lets in who knows the password, by each mechanism", async () => {
  await using broker = await Broker.start({
    listeners: [{ port: 0, protocol: "SASL_PLAINTEXT" }],
    sasl: { users: { alice: "secret" } },
  });
  const { bootstrapServers } = broker;
  for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
    const sasl = { mechanism, username: "alice", password: "secret" };
    await using client = new Client({ bootstrapServers, sasl });
    await client.admin().cluster.describe();
    await using bad = new Client({ bootstrapServers, sasl: { ...sasl, password: "wrong" } });
    await assert.rejects(bad.admin().cluster.describe({ timeoutMs: 1000 }), {
      code: "SASL_FAILED",
    });
  }
});

test("before it has authenticated, a client may ask for versions and nothing else", async () => {
  await using broker = await Broker.start({
    listeners: [{ port: 0, protocol: "SASL_PLAINTEXT" }],
    sasl: { users: { alice: "secret" } },
  });
  const client = await RawClient.connect(broker.bootstrapServers);
  assert.equal((await client.request(ApiVersions, 0, {})).errorCode, 0);
  client.send(Fetch, 4, { maxWaitMs: 0, minBytes: 1, topics: [] });
  assert.equal(await client.ended(), 0);
  const large = await RawClient.connect(broker.bootstrapServers);
  const announcement = Buffer.alloc(64);
  announcement.writeInt32BE(600_000);
  large.write(announcement);
  assert.equal(await large.ended(), 0);
});

test("more connections than max.connections are closed, and let in once others are gone", async () => {
  await using broker = await Broker.start({ port: 0, configs: { "max.connections": 2 } });
  const { bootstrapServers } = broker;
  const first = await RawClient.connect(bootstrapServers);
  const second = await RawClient.connect(bootstrapServers);
  await first.request(ApiVersions, 0, {});
  await second.request(ApiVersions, 0, {});
  const third = await RawClient.connect(bootstrapServers);
  assert.equal(await third.ended(), 0);
  first.close();
  for (;;) {
    const next = await RawClient.connect(bootstrapServers);
    const answer = await next.request(ApiVersions, 0, {}).catch(() => undefined);
    next.close();
    if (answer) break;
  }
  second.close();
});

test("a connection that is silent for too long is closed", async () => {
  const host = virtualHost();
  const configs = { "connections.max.idle.ms": 5_000 };
  await using harness = await BrokerHarness.start({ host, configs });
  const connection = await harness.connect();
  await connection.request(ApiVersions, 0, {}, 1000);
  const start = host.clock.elapsed();
  await new Promise<void>((resolve) => connection.onClose(resolve));
  const silentMs = host.clock.elapsed() - start;
  assert.ok(silentMs >= 5_000 && silentMs <= 10_000, `closed after ${silentMs} ms`);
});

test("a client that reads nothing gets no further requests served, and others are", async () => {
  await using broker = await Broker.start({ port: 0 });
  const { bootstrapServers } = broker;
  await using client = new Client({ bootstrapServers });
  await client.admin().topics.create([{ name: "t", numPartitions: 1 }]);
  await using producer = client.producer({ value: string });
  for (let count = 0; count < 8; count += 1) {
    await producer.send({ topic: "t", value: "x".repeat(900_000) });
  }
  const slow = await RawClient.connect(bootstrapServers);
  slow.pause();
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 8_000_000 }];
  const body = { maxWaitMs: 0, minBytes: 1, topics: [{ topic: "t", partitions }] };
  const sent: number[] = [];
  for (let count = 0; count < 6; count += 1) sent.push(slow.send(Fetch, 4, body));
  await producer.send({ topic: "t", value: "others go on" });
  slow.resume();
  const answered: number[] = [];
  for (const _ of sent) answered.push((await slow.frame()).readInt32BE(0));
  assert.deepEqual(answered, sent);
  slow.close();
});

test("a request of many megabytes is served, whatever pieces it comes in", async () => {
  await using broker = await Broker.start({ port: 0 });
  const client = await RawClient.connect(broker.bootstrapServers);
  const records = Buffer.alloc(9_000_000, 1);
  const { responses } = await client.request(Produce, 9, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name: "missing", partitionData: [{ index: 0, records }] }],
  });
  assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 3);
  client.close();
});
