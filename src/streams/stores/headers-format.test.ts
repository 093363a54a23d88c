import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StoreScene } from "../../../test/store-scene.ts";
import { type Headers, noHeaders } from "../message.ts";
import { serde, string } from "../serdes.ts";
import { SharedCacheBudget } from "./cache-budget.ts";
import { headersFormat, timestampHeadersFormat } from "./headers-format.ts";
import { timestampedKeyValueStoreWithHeaders } from "./key-value-builders.ts";
import { memoryEngine } from "./memory.ts";
import { sessionStoreWithHeaders, timestampedWindowStoreWithHeaders } from "./window-builders.ts";

/** A row as the JVM's stores write it; made by SerdeVectors.java. */
interface Vector {
  readonly serde: string;
  readonly hex: string;
  readonly value: readonly (string | null)[];
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "serdes.vectors.json"), "utf8"),
);

const timestamped = timestampHeadersFormat(string, "topic");
const plain = headersFormat(string, "topic");
const serdes = { key: string, value: string };
const [a, b] = [header("h", "a"), header("h", "b")];

for (const { serde: name, hex, value } of vectors) {
  if (name === "timestampHeaders") {
    const [text = "", time, ...rest] = value;
    test(`a row of "${text}" with ${rest.length / 2} headers and a time is that of the JVM`, () => {
      const row = { value: text ?? "", timestamp: Number(time), headers: headersOf(rest) };
      assert.equal(timestamped.encode(row)?.toString("hex"), hex);
      const bytes = Buffer.from(hex, "hex");
      assert.deepEqual(timestamped.decode(bytes), row);
      assert.equal(timestamped.logged(bytes).toString(), text);
      assert.equal(timestamped.timestampOf(bytes, 0), row.timestamp);
    });
  } else if (name === "headers") {
    const [text = "", ...rest] = value;
    test(`a session of "${text}" with ${rest.length / 2} headers is that of the JVM`, () => {
      const row = { aggregation: text ?? "", headers: headersOf(rest) };
      assert.equal(plain.encode(row)?.toString("hex"), hex);
      const bytes = Buffer.from(hex, "hex");
      assert.deepEqual(plain.decode(bytes), row);
      assert.equal(plain.logged(bytes).toString(), text);
    });
  }
}

for (const cached of [false, true]) {
  const how = cached ? "with a cache" : "without a cache";
  const options = { ...serdes, cache: cached };
  const terms = cached ? { cache: new SharedCacheBudget(1_000_000) } : {};

  test(`values keep time and headers, and the changelog has them too, ${how}`, () => {
    const scene = new StoreScene(timestampedKeyValueStoreWithHeaders("s", options), terms);
    const { store } = scene;
    scene.headers = b;
    store.put("k", { value: "v", timestamp: 5, headers: a });
    store.put("gone", { value: "x", timestamp: 6, headers: noHeaders });
    store.flush();
    store.put("gone", null);
    store.flush();
    assert.deepEqual(store.get("k"), { value: "v", timestamp: 5, headers: a });
    assert.deepEqual(
      scene.log.map(({ key, value, timestamp, headers }) => [
        `${key}`,
        `${value}`,
        timestamp,
        headers,
      ]),
      [
        ["k", "v", 5, a],
        ["gone", "x", 6, noHeaders],
        ["gone", "null", 0, b],
      ],
    );
    const restored = new StoreScene(timestampedKeyValueStoreWithHeaders("s", options));
    restored.restore(scene.log);
    assert.deepEqual([...restored.store.all()], [["k", { value: "v", timestamp: 5, headers: a }]]);
  });
}

test("windows keep time and headers, over a restart too", () => {
  const builder = timestampedWindowStoreWithHeaders("s", {
    ...serdes,
    windowSizeMs: 10,
    retentionMs: 100,
  });
  const scene = new StoreScene(builder);
  scene.store.put("k", { value: "v", timestamp: 5, headers: a }, 0);
  assert.deepEqual(
    scene.log.map(({ headers, timestamp }) => [headers, timestamp]),
    [[a, 5]],
  );
  const restored = new StoreScene(builder).restore(scene.log);
  assert.deepEqual(restored.store.fetch("k", 0), { value: "v", timestamp: 5, headers: a });
});

test("sessions keep headers, over a restart too", () => {
  const builder = sessionStoreWithHeaders("s", { ...serdes, retentionMs: 100 });
  const scene = new StoreScene(builder, { persistent: memoryEngine.open() });
  const session = { key: "k", window: { start: 1, end: 2 } };
  scene.headers = b;
  scene.store.put(session, { aggregation: "v", headers: a });
  scene.store.put({ key: "k", window: { start: 50, end: 50 } }, { aggregation: "w", headers: b });
  scene.store.remove({ key: "k", window: { start: 50, end: 50 } });
  assert.deepEqual(
    scene.log.map(({ headers }) => headers),
    [a, b, b],
  );
  const restored = new StoreScene(builder).restore(scene.log);
  assert.deepEqual([...restored.store.fetch("k")], [[session, { aggregation: "v", headers: a }]]);
});

test("a serde is told the headers that a value is kept with", () => {
  const value = serde<string>({
    serialize: (text, topic, headers) => `${topic} ${headers[0]?.value} ${text}`,
    deserialize: String,
  });
  const builder = timestampedKeyValueStoreWithHeaders("s", { key: string, value });
  const { store } = new StoreScene(builder);
  store.put("k", { value: "v", timestamp: 1, headers: a });
  assert.equal(store.get("k")?.value, "app-s-changelog a v");
});

function header(key: string, value: string | null): Headers {
  return [{ key, value: value === null ? null : Buffer.from(value) }];
}

/** Keys and values, one after the other. */
function headersOf(parts: readonly (string | null)[]): Headers {
  return parts.flatMap((key, index) => {
    return index % 2 === 0 ? header(key ?? "", parts[index + 1] ?? null) : [];
  });
}
