import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  decodeRequestHeader,
  encodeRequestHeader,
  hasFlexibleResponseHeader,
  type RequestHeader,
  skipTags,
} from "../../src/protocol/api.ts";
import { apis } from "../../src/protocol/apis/index.ts";
import { Reader, Writer } from "../../src/protocol/bytes.ts";
import { type UnknownTag, unknownTags } from "../../src/protocol/schema.ts";
import { type Loss, readVectors, type Subject, subjects, type Vector } from "./vectors.ts";

const { facts, vectors, losses } = readVectors();
const vectorsOf = Map.groupBy(vectors, ({ message }) => message);
const lossesOf = Map.groupBy(losses, ({ message }) => message);

test("the APIs are those that Kafka serves to clients, with its versions and headers", () => {
  const ours = apis.map((api) => {
    const every = versionsBetween(api.versions);
    return {
      api: api.name,
      key: api.key,
      versions: [...api.versions],
      newestStable: api.newestStable,
      requestHeaders: every.map((version) => (api.isFlexible(version) ? 2 : 1)),
      responseHeaders: every.map((version) => (hasFlexibleResponseHeader(api, version) ? 1 : 0)),
    };
  });
  assert.equal(ours.length, 70);
  assert.deepEqual(ours, facts);
});

describe("every version has vectors of every style, and no vector is for a message we lack:", () => {
  const headers = ["RequestHeader", "ResponseHeader"];
  const known = [...subjects.map(({ name }) => name), ...headers];
  test("messages", () => assert.deepEqual([...vectorsOf.keys()].sort(), known.sort()));

  for (const { name, versions } of subjects) {
    test(name, () => {
      const found = (vectorsOf.get(name) ?? []).map(({ version, style }) => `${version} ${style}`);
      const styles = ["minimal", "typical", "rich", "extreme"];
      const wanted = versionsBetween(versions).flatMap((version) =>
        styles.map((style) => `${version} ${style}`),
      );
      assert.deepEqual([...new Set(found)], wanted);
    });
  }
});

describe("what Java encodes is decoded to the values Java has, and encoded to the same bytes:", () => {
  for (const subject of subjects) {
    test(subject.name, () => {
      for (const vector of vectorsOf.get(subject.name) ?? []) checkRoundTrip(subject, vector);
    });
  }

  test("RequestHeader", () => {
    for (const { hex, version, value } of vectorsOf.get("RequestHeader") ?? []) {
      const reader = new Reader(Buffer.from(hex, "hex"));
      const header = decodeRequestHeader(reader, () => version === 2);
      assert.equal(reader.remaining, 0);
      assert.deepEqual(inJavaNames(header), value);
      const writer = new Writer();
      encodeRequestHeader(writer, header, version === 2);
      assert.equal(writer.toBuffer().toString("hex"), hex);
    }
  });

  test("ResponseHeader", () => {
    for (const { hex, version, value } of vectorsOf.get("ResponseHeader") ?? []) {
      const reader = new Reader(Buffer.from(hex, "hex"));
      const correlationId = reader.int32();
      if (version === 1) skipTags(reader);
      assert.equal(reader.remaining, 0);
      assert.deepEqual({ correlationId }, value);
    }
  });
});

describe("a value that a version cannot carry is refused or let go of, as Java does:", () => {
  for (const subject of subjects) {
    const ofSubject = lossesOf.get(subject.name);
    if (ofSubject === undefined) continue;
    test(subject.name, () => {
      for (const loss of ofSubject) checkLoss(subject, loss);
    });
  }
});

describe("a tagged field that nobody declared is dropped, unless the reader keeps it:", () => {
  for (const subject of subjects) {
    const flexible = (vectorsOf.get(subject.name) ?? []).filter(
      ({ version, style }) => subject.isFlexible(version) && style === "minimal",
    );
    if (flexible.length === 0) continue;
    test(subject.name, () => {
      for (const vector of flexible) checkUnknownTag(subject, vector);
    });
  }
});

interface Values {
  [name: string]: unknown;
}

function checkRoundTrip({ name, codec }: Subject, { version, style, hex, value }: Vector): void {
  const title = `${name} version ${version}, ${style}`;
  const reader = new Reader(Buffer.from(hex, "hex"));
  const decoded = codec.decode(reader, version);
  assert.equal(reader.remaining, 0, `${title}: bytes are left over`);
  assert.deepEqual(plain(decoded), value, title);
  assert.equal(encodedHex(codec, version, decoded), hex, title);
}

function checkLoss({ codec }: Subject, { version, lost, sample, refused, hex }: Loss): void {
  const title = `${lost} in version ${version}`;
  const value = codec.decode(new Reader(Buffer.from(hex, "hex")), version);
  const path = lost.slice(1).split("/");
  const field = path.pop() as string;
  const parent = path.reduce((object, step) => object[step] as Values, value as Values);
  parent[field] = sample;
  const encode = () => encodedHex(codec, version, value);
  if (refused) assert.throws(encode, { code: "UNSUPPORTED_VERSION" }, title);
  else assert.equal(encode(), hex, title);
}

function checkUnknownTag({ name, codec }: Subject, { version, hex }: Vector): void {
  const title = `${name} version ${version}`;
  // A minimal message ends with a count of zero tagged fields; this makes it one, with tag 999.
  assert.equal(hex.slice(-2), "00", title);
  const extended = `${hex.slice(0, -2)}01${"e707"}03${"010203"}`;

  const dropping = new Reader(Buffer.from(extended, "hex"));
  assert.equal(encodedHex(codec, version, codec.decode(dropping, version)), hex, title);
  assert.equal(dropping.remaining, 0, title);

  const keeping = new Reader(Buffer.from(extended, "hex"), { keepUnknownTags: true });
  const decoded = codec.decode(keeping, version) as { [unknownTags]?: readonly UnknownTag[] };
  assert.deepEqual(decoded[unknownTags], [{ tag: 999, data: Buffer.from([1, 2, 3]) }], title);
  assert.equal(encodedHex(codec, version, decoded), extended, title);
}

function encodedHex(codec: Subject["codec"], version: number, value: unknown): string {
  const writer = new Writer();
  codec.encode(writer, version, value);
  return writer.toBuffer().toString("hex");
}

/** The value with its bytes as hex, as the vectors have them. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function inJavaNames({ apiKey, apiVersion, correlationId, clientId }: RequestHeader): unknown {
  return { requestApiKey: apiKey, requestApiVersion: apiVersion, correlationId, clientId };
}

function versionsBetween([oldest, newest]: readonly [number, number]): number[] {
  return Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index);
}
