import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Client, string } from "../src/client/index.ts";
import { Command } from "./command.ts";
import { readExposition } from "./exposition-reader.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-command-"));
after(() => rmSync(root, { recursive: true, force: true }));

const cleanShutdown = ".kafka_cleanshutdown";

function newDirectory(): string {
  return mkdtempSync(join(root, "case-"));
}

/** The ports in the line that a broker says once it answers. */
async function portsOf(command: Command): Promise<{ broker: number; metrics: number }> {
  const line = await command.line();
  assert.match(line ?? command.stderr, /^millrace broker ready on /);
  const [, broker, metrics] =
    /ready on [^,]*:(\d+)(?:.*metrics on port (\d+))?/.exec(line ?? "") ?? [];
  return { broker: Number(broker), metrics: Number(metrics) };
}

test("millrace broker serves, counts, and stops in order at SIGTERM", async () => {
  const data = newDirectory();
  await using command = Command.start(["broker", "-p", "0", "-d", data, "--metrics-port", "0"]);
  const { broker, metrics } = await portsOf(command);
  {
    await using client = new Client({ bootstrapServers: `127.0.0.1:${broker}` });
    await client.admin().topics.create({ name: "orders", numPartitions: 1 });
    await using producer = client.producer({ value: string });
    for (const value of ["a", "b", "c"]) await producer.send({ topic: "orders", value });
  }
  const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`);
  const samples = readExposition(await answer.text());
  assert.equal(samples.get('millrace_broker_topic_records_in_total{topic="orders"}'), 3);
  assert.equal(samples.get('millrace_broker_requests_total{api="Produce"}'), 3);
  const asked = performance.now();
  command.kill("SIGTERM");
  assert.deepEqual(await command.ended, { status: 0, signal: null });
  assert.ok(performance.now() - asked < 1_000, "it took longer than a second to stop");
  assert.ok(readdirSync(data).includes(cleanShutdown));
  assert.equal(await command.line(), undefined, "it says one line");
});

test("millrace broker stops in order while clients are connected, at SIGINT too", async () => {
  const data = newDirectory();
  await using command = Command.start(["broker", "-p", "0", "-d", data, "--log-level", "silent"]);
  const { broker } = await portsOf(command);
  const socket = connect(broker, "127.0.0.1");
  const gone = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  await new Promise<void>((resolve) => socket.on("connect", () => resolve()));
  command.kill("SIGINT");
  assert.deepEqual(await command.ended, { status: 0, signal: null });
  await gone;
  assert.ok(readdirSync(data).includes(cleanShutdown));
  assert.equal(command.stderr, "");
});

test("a second broker on the same data says whose it is, and harms nobody", async () => {
  const data = newDirectory();
  await using first = Command.start(["broker", "-p", "0", "-d", data]);
  await portsOf(first);
  await using second = Command.start(["broker", "-p", "0", "-d", data]);
  assert.deepEqual(await second.ended, { status: 1, signal: null });
  assert.match(second.stderr, /^millrace: the data directory .* is in use by another broker/);
  first.kill("SIGKILL");
  await first.ended;
  await using third = Command.start(["broker", "-p", "0", "-d", data]);
  await portsOf(third);
});

test("a port that is taken is told in a sentence", async () => {
  await using first = Command.start(["broker", "-p", "0"]);
  const { broker } = await portsOf(first);
  await using second = Command.start(["broker", "--port", `${broker}`]);
  assert.deepEqual(await second.ended, { status: 1, signal: null });
  assert.match(
    second.stderr,
    /^millrace: cannot listen on 127\.0\.0\.1:\d+: another program .*\n$/,
  );
});

test("a command that cannot be understood ends with 2 and says why", async () => {
  const refused: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[], /a command is missing/],
    [["brokre"], /no command "brokre"/],
    [["broker", "--prot", "1"], /Unknown option '--prot'/],
    [["broker", "-p", "0", "-c", "log.retention.ms=soon"], /log\.retention\.ms/],
    [["broker", "--host", "0.0.0.0"], /advertised/],
  ];
  for (const [args, says] of refused) {
    await using command = Command.start(args);
    assert.deepEqual(await command.ended, { status: 2, signal: null }, args.join(" "));
    assert.match(command.stderr, says);
  }
});

test("help and version are told on standard output", async () => {
  for (const [args, says] of [
    [["--help"], /^Usage: millrace <command>/],
    [["help", "broker"], /^Usage: millrace broker/],
    [["broker", "-h"], /^Usage: millrace broker/],
    [["--version"], /^\d+\.\d+\.\d+/],
  ] as const) {
    await using command = Command.start(args);
    assert.match((await command.line()) ?? "", says);
    assert.deepEqual(await command.ended, { status: 0, signal: null });
  }
});

test("on a Node that is too old it says what to do", async () => {
  const pretence = `Object.defineProperty(process, "versions", { value: { node: "20.11.1" } });`;
  const flags = ["--import", `data:text/javascript,${encodeURIComponent(pretence)}`];
  await using command = Command.start(["broker"], flags);
  assert.deepEqual(await command.ended, { status: 1, signal: null });
  assert.match(command.stderr, /needs Node 24 or later, and this is Node 20\.11\.1/);
  assert.match(command.stderr, /nodejs\.org/);
});
