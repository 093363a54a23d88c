import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryEngine } from "./memory.ts";
import { Segments } from "./segments.ts";

const key = Buffer.from("k");

function segmentsOf(state: ReturnType<typeof memoryEngine.open>) {
  const open = (name: string) => state.rows(name);
  return new Segments({ state, name: "clicks", retentionMs: 100, intervalMs: 50, open });
}

test("segments are found again by their names, and dropped when they have expired", () => {
  const state = memoryEngine.open();
  segmentsOf(state).live(120, 120)?.put(key, Buffer.from("v"));
  const found = segmentsOf(state);
  assert.equal(found.at(149)?.get(key)?.toString(), "v");
  assert.equal(found.live(100, 249), found.at(100));
  found.dropExpired(250);
  assert.equal(found.at(120), undefined);
  assert.equal(found.live(120, 250), undefined);
  assert.equal(segmentsOf(state).at(120), undefined);
});

test("the rows of a store that is named like a segment of another are not taken for one", () => {
  const state = memoryEngine.open();
  const other = state.rows("clicks.0");
  other.put(key, Buffer.from("v"));
  const segments = segmentsOf(state);
  assert.equal(segments.at(0), undefined);
  segments.live(10, 10);
  segments.dropExpired(1_000);
  assert.equal(other.get(key)?.toString(), "v");
});
