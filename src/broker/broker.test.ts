import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryNetwork } from "../../test/memory-network.ts";
import { VirtualClock } from "../../test/virtual-clock.ts";
import { Client, string } from "../client/index.ts";
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

test("a broker can be closed twice, and its port is free afterwards", async () => {
  const broker = await Broker.start({ port: 0 });
  const port = broker.port();
  await broker.close();
  await broker.close();
  const next = await Broker.start({ port });
  assert.equal(next.port(), port);
  await next.close();
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
