import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  int64,
  json,
  KafkaStreams,
  lmdb,
  StreamsBuilder,
  type StreamsConfig,
  string,
  type Topology,
} from "millrace";
import { TopologyTestDriver } from "millrace/testing";
import { AppScene, assertStopped } from "../app-scene.ts";

const text = { key: string, value: string };
/** What the compiler refuses, and a program without types may do all the same. */
const untyped = (value: unknown) => value as never;

type Mistake = readonly [what: string, code: string, message: RegExp];

function through(topic = "in"): Topology {
  const builder = new StreamsBuilder();
  builder.stream(topic, text).to("out");
  return builder.build();
}

const settings: readonly (readonly [...Mistake, config: object | undefined])[] = [
  ["no config", "INVALID_ARGUMENT", /applicationId and bootstrapServers/, undefined],
  [
    "no applicationId",
    "INVALID_ARGUMENT",
    /applicationId .* not undefined/,
    { applicationId: undefined },
  ],
  [
    "an applicationId that is a path",
    "INVALID_ARGUMENT",
    /applicationId .* not "\.\."/,
    { applicationId: ".." },
  ],
  ["no bootstrapServers", "INVALID_ARGUMENT", /write host:port/, { bootstrapServers: undefined }],
  [
    "an address that is none",
    "INVALID_ARGUMENT",
    /"a b", which is not an address/,
    { bootstrapServers: "a b" },
  ],
  [
    "a setting that there is not",
    "INVALID_ARGUMENT",
    /commitInterval: write commitIntervalMs/,
    { commitInterval: 5 },
  ],
  [
    "a setting by Kafka's name",
    "INVALID_ARGUMENT",
    /commit\.interval\.ms: write commitIntervalMs/,
    { "commit.interval.ms": 5 },
  ],
  [
    "a number as text",
    "INVALID_ARGUMENT",
    /commitIntervalMs must be a number, not "5"/,
    { commitIntervalMs: "5" },
  ],
  [
    "a negative cache",
    "INVALID_ARGUMENT",
    /statestoreCacheMaxBytes .* not -1/,
    { statestoreCacheMaxBytes: -1 },
  ],
  [
    "a handler by its name",
    "INVALID_ARGUMENT",
    /Handler must be a function/,
    { deserializationExceptionHandler: "continue" },
  ],
  [
    "an engine that was not made",
    "INVALID_ARGUMENT",
    /storeEngine .* call it/,
    { storeEngine: lmdb },
  ],
];

for (const [what, code, message, config] of settings) {
  test(`${what}: refused with ${code} when the application is made`, () => {
    const whole = config && { applicationId: "app", bootstrapServers: "localhost:9092", ...config };
    const make = () => new KafkaStreams(through(), whole as StreamsConfig);
    assert.throws(make, { code, message });
  });
}

test("what is no topology, or an empty one, is refused by the application and by the test driver", () => {
  const builder = untyped(new StreamsBuilder());
  const config = { applicationId: "app", bootstrapServers: "localhost:9092" };
  const message = /StreamsBuilder\.build\(\)/;
  assert.throws(() => new KafkaStreams(builder, config), { code: "INVALID_ARGUMENT", message });
  assert.throws(() => new TopologyTestDriver(builder), { code: "INVALID_ARGUMENT", message });
  const empty = new StreamsBuilder().build();
  assert.throws(() => new KafkaStreams(empty, config), { code: "INVALID_TOPOLOGY" });
});

const topics = [
  { name: "in", numPartitions: 2 },
  { name: "other", numPartitions: 3 },
  { name: "out", numPartitions: 1 },
];

function counting(): Topology {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey().count({ store: "counts" });
  return builder.build();
}

test("what stands in the way of an application is told by start(), which leaves nothing open", async () => {
  await using scene = await AppScene.start(topics);
  const file = scene.stateDir("file");
  writeFileSync(file, "in the way");
  const joining = new StreamsBuilder();
  const other = joining.stream("other", text);
  joining
    .stream("in", text)
    .join(other, (left, right) => left + right, { within: 5 })
    .to("out", text);
  const wrong: readonly (readonly [Topology, Partial<StreamsConfig>, string, RegExp])[] = [
    [through("nope"), {}, "MISSING_SOURCE_TOPIC", /nope; create them/],
    [joining.build(), {}, "NOT_COPARTITIONED", /in has 2, other has 3/],
    [counting(), { stateDir: file }, "KAFKA_STORAGE_ERROR", /make the directory/],
    [counting(), { replicationFactor: 3 }, "INVALID_REPLICATION_FACTOR", /app-counts-changelog/],
    [counting(), { topic: { "no.such.config": "1" } }, "INVALID_CONFIG", /no\.such\.config/],
    [through(), { consumer: { sessionTimeoutMs: 1 } }, "INVALID_ARGUMENT", /sessionTimeoutMs/],
    [through(), { tls: true }, "TLS_FAILED", /TLS with/],
  ];
  for (const [topology, config, code, message] of wrong) {
    const app = scene.app(topology, config);
    await assert.rejects(app.start(), { code, message });
    assert.equal(app.state, "error");
    await app.close();
  }
});

test("an application in the wrong state says so", async () => {
  await using scene = await AppScene.start(topics);
  const app = scene.app(counting());
  const read = () => app.store<never>("counts" as never);
  await assert.rejects(app.untilRunning(), { code: "INVALID_STATE", message: /call start\(\)/ });
  assert.throws(() => app.store("nope" as never), { code: "UNKNOWN_STORE" });
  await app.start();
  await assert.rejects(app.start(), { code: "INVALID_STATE" });
  assert.throws(() => app.cleanUp(), { code: "INVALID_STATE", message: /close it first/ });
  const second = scene.app(counting());
  await assert.rejects(second.start(), { code: "STATE_DIRECTORY_LOCKED", message: /stateDir/ });
  await app.close();
  assert.throws(() => (read() as { get(key: string): unknown }).get("a"), {
    code: "INVALID_STATE",
  });
  await assert.rejects(app.start(), { code: "INVALID_STATE", message: /another KafkaStreams/ });
  const never = scene.app(counting());
  await never.close();
  await assert.rejects(never.start(), { code: "INVALID_STATE" });
});

test("a record that a serde cannot take stops the application, with its place", async () => {
  await using scene = await AppScene.start(topics);
  await scene.write("in", [["a", "text"]]);
  const reading = new StreamsBuilder();
  reading.stream("in", { key: string, value: int64 }).to("out");
  const reader = await scene.run(reading.build());
  await assertStopped(
    reader,
    /in-\d at offset 0 cannot be read: a value of type int64 has 4 bytes/,
  );
  const writing = new StreamsBuilder();
  writing
    .stream("in", text)
    .mapValues((value) => value.length)
    .to("out", untyped(text));
  await assertStopped(
    await scene.run(writing.build()),
    /out.*type number cannot be written as text/,
  );
  const waiting = new StreamsBuilder();
  waiting
    .stream("in", text)
    .mapValues((value) => Promise.resolve(value))
    .to("out", { value: json() });
  await assertStopped(await scene.run(waiting.build()), /promise has no form in JSON/);
});
