import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryNetwork } from "../../test/memory-network.ts";
import { VirtualClock } from "../../test/virtual-clock.ts";
import { Client, string } from "../client/index.ts";
import { silentLogger } from "../log.ts";
import { MemoryDisk } from "../memory-disk.ts";
import { systemRandom } from "../random.ts";
import { Broker } from "./broker.ts";
import type { BrokerHost } from "./broker-options.ts";

/** A machine of its own: nothing in it takes real time. */
function newHost(): BrokerHost & { readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  return { clock, random: systemRandom, network: new MemoryNetwork(), disk: new MemoryDisk() };
}

const dataDir = "/data";

test("what a client sends is there for a group to consume", async () => {
  const host = newHost();
  await using broker = await Broker.start({ host, dataDir });
  await using client = new Client({ bootstrapServers: broker.bootstrapServers, host });
  await client.admin().topics.create([{ name: "orders", numPartitions: 2 }]);
  await using producer = client.producer({ key: string, value: string });
  for (let index = 0; index < 20; index += 1) {
    await producer.send({ topic: "orders", key: `k${index}`, value: `v${index}` });
  }
  await using consumer = client.consumer({
    topics: ["orders"],
    groupId: "billing",
    autoOffsetReset: "earliest",
    key: string,
    value: string,
  });
  const values = new Set<string>();
  for await (const batch of consumer) {
    for (const { value } of batch) values.add(value as string);
    await batch.commit();
    if (values.size === 20) break;
  }
  assert.equal(values.size, 20);
});

test("what was written is there after a restart", async () => {
  const host = newHost();
  const write = async () => {
    await using broker = await Broker.start({ host, dataDir });
    await using client = new Client({ bootstrapServers: broker.bootstrapServers, host });
    await client.admin().topics.create([{ name: "orders", numPartitions: 1 }]);
    await using producer = client.producer({ value: string });
    return producer.send({ topic: "orders", value: "kept" });
  };
  assert.equal((await write()).offset, 0);
  await using broker = await Broker.start({ host, dataDir });
  await using client = new Client({ bootstrapServers: broker.bootstrapServers, host });
  await using producer = client.producer({ value: string });
  const { offset } = await producer.send({ topic: "orders", value: "next" });
  assert.equal(offset, 1);
});

test("a broker that comes back, after a stop or a crash, has nothing to warn of", async () => {
  const host = newHost();
  const warnings: string[] = [];
  const warn = (_: object, message: string) => void warnings.push(message);
  const logger = { ...silentLogger, warn, error: warn };
  for (let run = 0; run < 3; run += 1) {
    const broker = await Broker.start({ host, dataDir, logger });
    await using client = new Client({ bootstrapServers: broker.bootstrapServers, host });
    await client.admin().topics.create({ name: `orders-${run}`, numPartitions: 1 });
    // The marker of a clean stop is taken away in the end, as if there had been none.
    await broker.close();
    if (run === 1) host.disk.remove(`${dataDir}/.kafka_cleanshutdown`);
  }
  assert.deepEqual(warnings, []);
});

test("a broker can be closed twice, and its port is free afterwards", async () => {
  const broker = await Broker.start({ port: 0 });
  const port = broker.port();
  await broker.close();
  await broker.close();
  const next = await Broker.start({ port });
  assert.equal(next.port(), port);
  await next.close();
});

test("a data directory has one broker at a time", async () => {
  const host = newHost();
  const refused = { code: "INVALID_STATE", message: /\/data is in use by another broker/ };
  {
    await using _ = await Broker.start({ host, dataDir });
    await assert.rejects(Broker.start({ host, dataDir }), refused);
    await using elsewhere = await Broker.start({ host, dataDir: "/other" });
    assert.ok(elsewhere);
  }
  // One that cannot start leaves the directory to others.
  const listeners = [{ protocol: "SASL_PLAINTEXT" as const, port: 0 }];
  const configs = { "sasl.enabled.mechanisms": "GSSAPI,OAUTHBEARER" };
  await assert.rejects(Broker.start({ host, dataDir, listeners, configs }), /has none of the/);
  await using last = await Broker.start({ host, dataDir });
  assert.ok(last);
});

test("a broker without a data directory keeps nothing", async () => {
  const ids = new Set<string>();
  for (let run = 0; run < 2; run += 1) {
    await using broker = await Broker.start({ port: 0 });
    ids.add(broker.clusterId);
  }
  assert.equal(ids.size, 2);
});

test("each listener tells its clients its own address", async () => {
  const host = newHost();
  await using broker = await Broker.start({
    host,
    listeners: [
      { port: 0 },
      { name: "OUTSIDE", port: 0, advertised: { host: "broker.example", port: 443 } },
    ],
  });
  const inside = broker.port() as number;
  const outside = broker.port("OUTSIDE") as number;
  assert.notEqual(inside, outside);
  await using client = new Client({ bootstrapServers: `localhost:${outside}`, host });
  const { brokers } = await client.admin().cluster.describe();
  assert.deepEqual(
    brokers.map((one) => `${one.host}:${one.port}`),
    ["broker.example:443"],
  );
});

test("options that cannot be are refused by name", async () => {
  const refuses = (options: object, message: RegExp) =>
    assert.rejects(Broker.start(options), { code: "INVALID_ARGUMENT", message });
  await refuses({ port: 1, listeners: [] }, /exclude each other/);
  await refuses({ listeners: [] }, /address to listen on/);
  await refuses({ nodeId: -1 }, /nodeId/);
  await refuses({ listeners: [{ host: "0.0.0.0" }] }, /advertised/);
  await refuses({ listeners: [{ protocol: "SSL" }] }, /tls/);
});
