import assert from "node:assert/strict";
import { test } from "node:test";
import { partitionForKey } from "../../protocol/index.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { sessionWindowed, windowed } from "../windowed-serde.ts";
import { session, tumbling } from "../windows.ts";

const text = { key: string, value: string };

test("keys in windows go to the partitions of the keys inside, as on the JVM", () => {
  const partitions = 5;
  const builder = new StreamsBuilder();
  const words = builder.stream("in", text).groupByKey();
  const byTime = words.windowedBy(tumbling({ size: 10 })).reduce((_old, fresh) => fresh);
  byTime.toStream().to("by-time", { key: windowed(string), value: string as never });
  const bySession = words.windowedBy(session({ gap: 3 })).reduce((_old, fresh) => fresh);
  bySession.toStream().to("by-session", { key: sessionWindowed(string), value: string as never });
  using driver = new TopologyTestDriver(builder.build(), { partitions });
  const input = driver.createInputTopic("in", text);
  const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
  for (const time of [0, 10, 25]) for (const key of keys) input.pipe(key, "v", time);
  for (const [topic, key] of [
    ["by-time", windowed(string)],
    ["by-session", sessionWindowed(string)],
  ] as const) {
    const records = driver.createOutputTopic(topic, { key, value: string }).readRecords();
    assert.equal(records.length, 60);
    for (const { key: own, partition } of records) {
      assert.equal(partition, partitionForKey(Buffer.from(own?.key ?? ""), partitions));
    }
  }
});
