import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { handlers } from "../src/broker/handlers/all.ts";
import { encodeRequestHeader, hasFlexibleResponseHeader, skipTags } from "../src/protocol/api.ts";
import { apis } from "../src/protocol/apis/index.ts";
import { ApiVersions, FrameReader, Reader, Writer } from "../src/protocol/index.ts";
import { BrokerHarness, virtualHost } from "./broker-harness.ts";
import { readVectors, type Vector } from "./protocol/vectors.ts";

/** How a request went: its answer, or what the broker had to say when it closed the connection. */
type Outcome = { readonly frame: Buffer } | { readonly closed: string };

/** Longer than any request of the vectors may wait, in virtual time. */
const patienceMs = 3_600_000_000;

// A failure prints its seed and path: FUZZ_SEED replays it, FUZZ_RUNS looks for longer.
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.FUZZ_RUNS ?? 1_000);

const { vectors } = readVectors();

/** Requests that have an answer: all but writes with acks 0. */
function isAnswered({ message, value }: Vector): boolean {
  return message !== "ProduceRequest" || (value as { readonly acks: number }).acks !== 0;
}

function requestsOf(name: string, versions: readonly [number, number]): Vector[] {
  return vectors.filter(
    (vector) =>
      vector.message === `${name}Request` &&
      vector.version >= versions[0] &&
      vector.version <= versions[1] &&
      isAnswered(vector),
  );
}

/** Sends a request's bytes over a connection of its own. */
function send(harness: BrokerHarness, key: number, vector: Vector, isFlexible: boolean) {
  const writer = new Writer();
  writer.int32(0);
  const { version: apiVersion } = vector;
  encodeRequestHeader(
    writer,
    { apiKey: key, apiVersion, correlationId: 1, clientId: "vectors" },
    isFlexible,
  );
  writer.bytes(Buffer.from(vector.hex, "hex"));
  const bytes = Buffer.from(writer.toBuffer());
  bytes.writeInt32BE(bytes.length - 4, 0);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const frames = new FrameReader({
    maxFrameBytes: 100_000_000,
    trusted: true,
    onFrame: (frame) => {
      resolve({ frame });
      socket.destroy();
    },
  });
  const endpoint = { host: "127.0.0.1", port: harness.broker.port() as number };
  const socket = harness.host.network.connect(endpoint, {
    opened: () => void socket.write([bytes]),
    target: () => frames.target(),
    filled: (length) => frames.filled(length),
    drained: () => {},
    closed: () => resolve({ closed: "" }),
  });
  const timer = harness.host.clock.after(patienceMs, () => socket.destroy());
  return promise.finally(() => timer.cancel());
}

interface Message {
  readonly level: string;
  readonly text: string;
  readonly error?: Error;
}

/** A logger that keeps what it is told. */
function keepingLogger(messages: Message[]) {
  const note = (level: string) => (fields: object, text: string) =>
    void messages.push({ ...fields, level, text });
  return { debug() {}, info: note("info"), warn: note("warn"), error: note("error") };
}

for (const { api, versions } of handlers) {
  test(`${api.name}: whatever Kafka's code can ask is answered in its form`, async () => {
    const messages: Message[] = [];
    const logger = keepingLogger(messages);
    await using harness = await BrokerHarness.start({ host: virtualHost(), logger });
    await harness.createTopic("orders", 2);
    const declared = apis.find(({ key }) => key === api.key);
    assert.ok(declared);
    const faults: string[] = [];
    for (const vector of requestsOf(api.name, versions)) {
      messages.length = 0;
      const flexible = declared.isFlexible(vector.version);
      const outcome = await send(harness, api.key, vector, flexible);
      const what = `v${vector.version} ${vector.style}`;
      if ("closed" in outcome) {
        faults.push(`${what}: closed, ${JSON.stringify(messages)}`);
        continue;
      }
      for (const { level, text, error } of messages) {
        if (level === "error") faults.push(`${what}: ${text} ${error?.stack}`);
      }
      const reader = new Reader(outcome.frame, { position: 4 });
      if (hasFlexibleResponseHeader(declared, vector.version)) skipTags(reader);
      declared.response.decode(reader, vector.version);
      if (reader.remaining > 0) faults.push(`${what}: ${reader.remaining} bytes too many`);
    }
    assert.deepEqual(faults, []);
  });
}

test("damaged requests are answered or end their connection, and harm nobody else", async () => {
  const messages: Message[] = [];
  const logger = keepingLogger(messages);
  await using harness = await BrokerHarness.start({ host: virtualHost(), logger });
  await harness.createTopic("orders", 2);
  const all = handlers.flatMap(({ api, versions }) =>
    requestsOf(api.name, versions).map((vector) => ({ api, vector })),
  );
  const damages = fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      byte: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const attempt = async (index: number, changes: { at: number; byte: number }[]) => {
    const { api, vector } = all[index] as (typeof all)[number];
    const bytes = Buffer.from(vector.hex, "hex");
    for (const { at, byte } of changes) bytes[Math.floor(at * bytes.length)] = byte;
    messages.length = 0;
    const damaged = { ...vector, hex: bytes.toString("hex") };
    await send(harness, api.key, damaged, api.isFlexible(vector.version));
    const error = messages.find(({ level }) => level === "error");
    assert.equal(error, undefined, `${api.name}: ${error?.text} ${error?.error?.stack}`);
    const healthy = await harness.connect();
    assert.equal((await healthy.request(ApiVersions, 0, {}, patienceMs)).errorCode, 0);
    healthy.close();
  };
  const indexes = fc.integer({ min: 0, max: all.length - 1 });
  await fc.assert(fc.asyncProperty(indexes, damages, attempt), { seed, numRuns });
});
