import assert from "node:assert/strict";
import { test } from "node:test";
import { topicFlaws } from "./topic-flaws.ts";

interface Configs {
  readonly [name: string]: string;
}

const changelog = { "cleanup.policy": "compact" };
const windowed = { "cleanup.policy": "compact,delete", "retention.ms": "90000" };
const versioned = { "cleanup.policy": "compact", "min.compaction.lag.ms": "5000" };
const repartition = { "cleanup.policy": "delete", "retention.ms": "-1" };

function flaws(wanted: Configs, actual: Configs): string[] {
  const broker: Configs = { "retention.bytes": "-1", ...actual };
  return topicFlaws(new Map(Object.entries(wanted)), (name) => broker[name]);
}

test("topics that are as they would be created have no flaws", () => {
  for (const configs of [changelog, windowed, versioned, repartition]) {
    assert.deepEqual(flaws(configs, configs), []);
  }
});

test("a changelog must not be deleted from, nor a repartition topic compacted", () => {
  assert.match(flaws(changelog, { "cleanup.policy": "compact,delete" }).join(), /"delete"/);
  assert.match(flaws(versioned, { ...versioned, "cleanup.policy": "delete" }).join(), /"delete"/);
  assert.match(flaws(repartition, { "cleanup.policy": "compact" }).join(), /"compact"/);
});

test("a changelog that the program itself wants deleted from has no flaw", () => {
  const own = { "cleanup.policy": "compact,delete" };
  assert.deepEqual(flaws(own, { ...own, "retention.ms": "1000" }), []);
});

test("windows must be kept as long as their store keeps them, and may be kept longer", () => {
  assert.match(flaws(windowed, { ...windowed, "retention.ms": "80000" }).join(), /80000 .* 90000/);
  assert.deepEqual(flaws(windowed, { ...windowed, "retention.ms": "100000" }), []);
  assert.deepEqual(flaws(windowed, { ...windowed, "retention.ms": "-1" }), []);
  assert.deepEqual(flaws(windowed, { "cleanup.policy": "compact", "retention.ms": "1" }), []);
});

test("a repartition topic must keep its records for ever and in any amount", () => {
  assert.match(
    flaws(repartition, { ...repartition, "retention.ms": "1000" }).join(),
    /should be -1/,
  );
  assert.match(
    flaws(repartition, { ...repartition, "retention.bytes": "1000" }).join(),
    /retention\.bytes/,
  );
});

test("versions must not be compacted away too soon", () => {
  const early = { ...versioned, "min.compaction.lag.ms": "0" };
  assert.match(flaws(versioned, early).join(), /is 0 but should be 5000 or larger/);
});
