import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  api,
  decodeRequestHeader,
  encodeRequestHeader,
  hasFlexibleResponseHeader,
  message,
  type RequestOf,
  type ResponseOf,
} from "./api.ts";
import { ApiVersions } from "./apis/api-versions.ts";
import { Heartbeat } from "./apis/heartbeat.ts";
import { apiByKey, apis } from "./apis/index.ts";
import { InitProducerId } from "./apis/init-producer-id.ts";
import { OffsetDelete } from "./apis/offset-delete.ts";
import { Reader, Writer } from "./bytes.ts";
import { since, struct } from "./schema.ts";
import { int16, int32, string } from "./wire-type.ts";

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

true satisfies Same<ResponseOf<typeof Heartbeat>, { throttleTimeMs: number; errorCode: number }>;
({ groupId: "g", generationId: 1, memberId: "m" }) satisfies RequestOf<typeof Heartbeat>;
// @ts-expect-error: the generation is required
({ groupId: "g", memberId: "m" }) satisfies RequestOf<typeof Heartbeat>;

describe("an API", () => {
  const Example = api({
    key: 1000,
    name: "Example",
    versions: [2, 5],
    newestStable: 4,
    flexible: 3,
    request: { id: int16, hint: since(4, int32, 0) },
    response: { name: string },
  });

  test("encodes and decodes the versions it declares", () => {
    const writer = new Writer();
    Example.request.encode(writer, 4, { id: 1, hint: 2 });
    assert.equal(writer.toBuffer().toString("hex"), "00010000000200");
    const decoded = Example.response.decode(new Reader(Buffer.from("026e00", "hex")), 3);
    assert.deepEqual(decoded, { name: "n" });
  });

  test("refuses versions outside the ones it declares", () => {
    for (const version of [-1, 1, 6]) {
      const expected = {
        code: "UNSUPPORTED_VERSION",
        message: `Example request has versions 2 to 5, not ${version}`,
      };
      assert.throws(() => Example.request.encode(new Writer(), version, { id: 1 }), expected);
      const reader = new Reader(Buffer.alloc(8));
      assert.throws(() => Example.response.decode(reader, version), { code: expected.code });
    }
  });

  test("refuses a value that the version cannot carry", () => {
    const encode = () => Example.request.encode(new Writer(), 3, { id: 1, hint: 2 });
    assert.throws(encode, { code: "UNSUPPORTED_VERSION", message: /version 3 .* "hint"/ });
  });

  test("is flexible from the version it names, or never", () => {
    assert.deepEqual([2, 3, 5].map(Example.isFlexible), [false, true, true]);
    assert.equal(OffsetDelete.isFlexible(0), false);
  });

  test("is stable up to its newest version, unless it says otherwise", () => {
    assert.equal(Example.newestStable, 4);
    assert.equal(Heartbeat.newestStable, 4);
    assert.equal(InitProducerId.newestStable, 5);
  });
});

describe("the table of APIs", () => {
  test("finds an API by its key", () => {
    assert.equal(apiByKey(12), Heartbeat);
    assert.equal(apiByKey(4), undefined);
    assert.equal(apiByKey(-1), undefined);
  });

  test("has each key once, in order", () => {
    const keys = apis.map(({ key }) => key);
    assert.deepEqual(
      keys,
      [...new Set(keys)].sort((left, right) => left - right),
    );
  });
});

test("a message that stands alone has versions too", () => {
  const shape = { name: "Note", versions: [0, 1] as const, isFlexible: () => false };
  const Note = message(shape, struct({ id: int16 }));
  assert.throws(() => Note.encode(new Writer(), 2, { id: 1 }), {
    code: "UNSUPPORTED_VERSION",
    message: "Note has versions 0 to 1, not 2",
  });
});

describe("a request's header", () => {
  const header = { apiKey: 18, apiVersion: 3, correlationId: 7, clientId: "größe" };

  test("goes there and back, with tagged fields where the request is flexible", () => {
    for (const flexible of [false, true]) {
      for (const clientId of ["größe", "", null]) {
        const writer = new Writer();
        encodeRequestHeader(writer, { ...header, clientId }, flexible);
        const reader = new Reader(writer.toBuffer());
        const decoded = decodeRequestHeader(reader, () => flexible);
        assert.deepEqual(decoded, { ...header, clientId });
        assert.equal(reader.remaining, 0);
      }
    }
  });

  test("has its client id in the old form even where the request is flexible", () => {
    const writer = new Writer();
    encodeRequestHeader(writer, { ...header, clientId: "c" }, true);
    assert.equal(writer.toBuffer().toString("hex"), `00120003${"00000007"}${"000163"}00`);
  });

  test("is refused where the client id's length cannot be", () => {
    const reader = new Reader(Buffer.from("0012000300000007fffe", "hex"));
    assert.throws(() => decodeRequestHeader(reader, () => false), { code: "INVALID_LENGTH" });
  });

  test("may have tagged fields, which are skipped", () => {
    const reader = new Reader(Buffer.from(`00120003${"00000007"}${"ffff"}01${"0502aabb"}`, "hex"));
    assert.equal(decodeRequestHeader(reader, () => true).clientId, null);
    assert.equal(reader.remaining, 0);
  });
});

test("a response's header is flexible with the request, except that of ApiVersions", () => {
  assert.equal(hasFlexibleResponseHeader(Heartbeat, 3), false);
  assert.equal(hasFlexibleResponseHeader(Heartbeat, 4), true);
  assert.equal(ApiVersions.isFlexible(3), true);
  assert.equal(hasFlexibleResponseHeader(ApiVersions, 3), false);
});
