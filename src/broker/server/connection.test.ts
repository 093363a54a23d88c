import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { batchOf } from "../../../test/broker-harness.ts";
import { RawClient } from "../../../test/raw-client.ts";
import {
  type Api,
  ApiVersions,
  CreateTopics,
  encodeRequestHeader,
  Fetch,
  ListGroups,
  Produce,
  Reader,
  Writer,
} from "../../protocol/index.ts";
import { Broker } from "../broker.ts";

let broker: Broker;
const messages: object[] = [];

before(async () => {
  const info = (fields: object) => void messages.push(fields);
  const logger = { debug: () => {}, info, warn: info, error: info };
  broker = await Broker.start({ port: 0, logger });
});
after(() => broker.close());

const software = { clientSoftwareName: "raw", clientSoftwareVersion: "1" };

/** A frame that says how long it is, and is. */
function framed(...bytes: number[]): Buffer {
  const frame = Buffer.alloc(4 + bytes.length, 0);
  frame.writeInt32BE(bytes.length, 0);
  frame.set(bytes, 4);
  return frame;
}

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const garbage: readonly (readonly [what: string, bytes: Buffer])[] = [
  ["a frame of length -1", length(-1)],
  ["a frame of length 0", length(0)],
  ["a frame larger than socket.request.max.bytes", length(104_857_601)],
  ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
  ["an unknown API key", framed(0x03, 0xe8, 0, 0, 0, 0, 0, 1, 0xff, 0xff)],
  ["a version that is too new", framed(0, 16, 0, 99, 0, 0, 0, 1, 0xff, 0xff)],
  [
    "Produce in version 2, which is told of but not served",
    framed(0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff),
  ],
  ["a header that is cut off", framed(0, 18, 0)],
  ["a body that is cut off", framed(0, 0, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 0xff)],
  [
    "an array that claims two thousand million entries",
    framed(0, 2, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff),
  ],
];

for (const [what, bytes] of garbage) {
  test(`${what} ends the connection without an answer, and is logged once`, async () => {
    messages.length = 0;
    const client = await RawClient.connect(broker.bootstrapServers);
    client.write(bytes);
    assert.equal(await client.ended(), 0);
    assert.equal(messages.length, 1);
  });
}

test("a version of ApiVersions that is not known is answered in version 0 with error 35", async () => {
  const client = await RawClient.connect(broker.bootstrapServers);
  client.write(framed(0, 18, 0, 77, 0, 0, 0, 5, 0xff, 0xff, 0, 1, 2, 3));
  const frame = await client.frame();
  assert.equal(frame.length, 16);
  const reader = new Reader(frame);
  assert.equal(reader.int32(), 5);
  assert.deepEqual(ApiVersions.response.decode(reader, 0), {
    errorCode: 35,
    apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }],
    throttleTimeMs: 0,
    supportedFeatures: [],
    finalizedFeaturesEpoch: -1,
    finalizedFeatures: [],
    zkMigrationReady: false,
  });
  client.close();
});

test("Produce is told of from version 0 on, and features with their levels", async () => {
  const client = await RawClient.connect(broker.bootstrapServers);
  const answer = await client.request(ApiVersions, 4, software);
  const produce = answer.apiKeys.find(({ apiKey }) => apiKey === 0);
  assert.deepEqual(produce, { apiKey: 0, minVersion: 0, maxVersion: 13 });
  const level = (name: string) =>
    answer.finalizedFeatures.find((feature) => feature.name === name)?.maxVersionLevel;
  assert.equal(level("transaction.version"), 2);
  assert.equal(level("group.version"), 1);
  assert.equal(level("streams.version"), 1);
  assert.equal(level("share.version"), undefined);
  const older = await client.request(ApiVersions, 3, software);
  assert.ok(older.supportedFeatures.every(({ minVersion }) => minVersion > 0));
  client.close();
});

test("a client without a proper name for itself gets INVALID_REQUEST", async () => {
  const client = await RawClient.connect(broker.bootstrapServers);
  const answer = await client.request(ApiVersions, 3, { ...software, clientSoftwareName: "-a b" });
  assert.equal(answer.errorCode, 42);
  client.close();
});

test("requests sent at once are answered in their order", async () => {
  const client = await RawClient.connect(broker.bootstrapServers);
  const sent = Array.from({ length: 200 }, (_, index) =>
    index % 2
      ? client.send(ApiVersions, 4, software)
      : client.send(ListGroups, 4, { statesFilter: [] }),
  );
  const answered: number[] = [];
  for (const _ of sent) answered.push((await client.frame()).readInt32BE(0));
  assert.deepEqual(answered, sent);
  client.close();
});

test("requests before a bad one are answered", async () => {
  const client = await RawClient.connect(broker.bootstrapServers);
  const sent = client.send(ApiVersions, 4, software);
  client.write(length(-1));
  assert.equal((await client.frame()).readInt32BE(0), sent);
  assert.equal(await client.ended(), 0);
});

test("a frame that comes byte by byte is answered", async () => {
  const client = await RawClient.connect(broker.bootstrapServers);
  for (const byte of framed(0, 18, 0, 0, 0, 0, 0, 9, 0xff, 0xff)) {
    client.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await client.frame()).readInt32BE(0), 9);
  client.close();
});

/** A request as bytes, its length in front. */
function requestBytes<Request, RequestIn, Response, ResponseIn>(
  api: Api<Request, RequestIn, Response, ResponseIn>,
  version: number,
  body: RequestIn,
): Buffer {
  const writer = new Writer();
  const header = { apiKey: api.key, apiVersion: version, correlationId: 1, clientId: "raw" };
  encodeRequestHeader(writer, header, api.isFlexible(version));
  api.request.encode(writer, version, body);
  return Buffer.concat([length(writer.length), writer.toBuffer()]);
}

test("a produce request that has to wait is not harmed by what comes after it", async () => {
  const client = await RawClient.connect(broker.bootstrapServers);
  const { topics } = await client.request(CreateTopics, 7, {
    topics: ["read", "written"].map((name) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    })),
    timeoutMs: 5_000,
  });
  assert.deepEqual(
    topics.map(({ errorCode }) => errorCode),
    [0, 0],
  );
  const produce = (values: readonly string[]) =>
    requestBytes(Produce, 9, {
      acks: -1,
      timeoutMs: 5_000,
      topicData: [
        { name: "written", partitionData: [{ index: 0, records: batchOf(values, Date.now()) }] },
      ],
    });
  const longPoll = requestBytes(Fetch, 12, {
    maxWaitMs: 200,
    minBytes: 1,
    topics: [
      { topic: "read", partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] },
    ],
  });
  const next = produce(["x".repeat(7_000)]);
  // The last request is cut off, so that what is there of it is kept for the next read.
  client.write(Buffer.concat([longPoll, produce(["one", "two"]), next.subarray(0, 6_000)]));
  await client.frame();
  client.write(next.subarray(6_000));
  for (const baseOffset of [0, 2]) {
    const reader = new Reader(await client.frame());
    reader.skip(5);
    const { responses } = Produce.response.decode(reader, 9);
    const [answer] = responses[0]?.partitionResponses ?? [];
    assert.deepEqual([answer?.errorCode, answer?.baseOffset], [0, baseOffset]);
  }
  client.close();
});
