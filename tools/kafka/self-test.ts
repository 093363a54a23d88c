import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { clusterMark, isRunning } from "./java-process.ts";
import { startKafka } from "./kafka.ts";

const topics = "org.apache.kafka.tools.TopicCommand";

test("a node that was killed comes back with its topics, and closing leaves nothing", async () => {
  await using kafka = await startKafka({
    properties: { "broker.session.timeout.ms": 2000, "broker.heartbeat.interval.ms": 500 },
  });
  const server = ["--bootstrap-server", kafka.bootstrapServers];
  await kafka.tool(topics, ...server, "--create", "--topic", "orders");
  await kafka.kill(1);
  assert.equal(kafka.nodes[0]?.pid, undefined);
  await kafka.restart(1);
  assert.match(await kafka.tool(topics, ...server, "--list"), /^orders$/m);
  const pid = kafka.nodes[0]?.pid ?? 0;
  await kafka.close();
  assert.equal(isRunning({ pid, mark: clusterMark(kafka.directory) }), false);
  assert.equal(existsSync(kafka.directory), false);
});

test("Kafka's own tool logs in by PLAIN, by SCRAM and with a client certificate", async () => {
  await using kafka = await startKafka({ sasl: true, tls: true, clientAuth: "required" });
  const list = async (servers: readonly string[], config: string) =>
    kafka.tool(topics, "--bootstrap-server", String(servers), "--command-config", config, "--list");
  const { sasl, ssl, saslSsl } = kafka.listeners;
  await list(sasl, kafka.commandConfig("SASL_PLAINTEXT", "alice", "PLAIN"));
  await list(ssl, kafka.commandConfig("SSL"));
  await list(saslSsl, kafka.commandConfig("SASL_SSL", "bob", "SCRAM-SHA-512"));
});

test("a cluster ends, and its data goes, when the process that started it is killed", async () => {
  const program = `
    import { startKafka } from ${JSON.stringify(join(import.meta.dirname, "kafka.ts"))};
    const { directory, nodes } = await startKafka();
    console.log(JSON.stringify([directory, nodes[0].pid]));
    setInterval(() => {}, 1000);`;
  const args = ["--input-type=module", "--eval", program];
  const parent = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const [directory, pid] = JSON.parse(String(line)) as [string, number];
  const server = { pid, mark: clusterMark(directory) };
  assert.equal(isRunning(server), true);
  parent.kill("SIGKILL");
  const deadline = Date.now() + 10_000;
  while ((isRunning(server) || existsSync(directory)) && Date.now() < deadline) await delay(50);
  assert.equal(isRunning(server), false);
  assert.equal(existsSync(directory), false);
});

test("a node that cannot start is reported with the end of its log", async () => {
  const starting = startKafka({ properties: { "authorizer.class.name": "no.such.Class" } });
  await assert.rejects(starting, /node 1 ended while it was starting.*no\.such\.Class/s);
});
