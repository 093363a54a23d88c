import assert from "node:assert/strict";
import { test } from "node:test";
import { string } from "../serdes.ts";
import { SingleRecord } from "../testing/single-record.ts";
import { failOnInvalidTimestamp } from "../timestamp-extractor.ts";
import type { SourceNode } from "../topology-node.ts";
import { PartitionGroup } from "./partition-group.ts";
import { RecordQueue } from "./record-queue.ts";

test("the earliest of the heads goes first, and stream time never goes back", () => {
  const { group, add } = scene("a", "b");
  add("a", 5, 1);
  add("b", 3, 9);
  const times = Array.from({ length: 4 }, () => group.next()?.timestamp);
  assert.deepEqual(times, [3, 5, 1, 9]);
  assert.equal(group.streamTime, 9);
  assert.equal(group.next(), undefined);
});

test("records behind stream time are counted, and the oldest is remembered", () => {
  const { group, add } = scene("a");
  add("a", 10, 10, 7, 12, 11);
  while (group.next()) {}
  assert.equal(group.outOfOrderCount, 2);
  assert.equal(group.greatestLatenessMs, 3);
});

test("stream time goes on from where the last owner of a partition was", () => {
  const { group, add } = scene("a");
  group.resume("a", 0, 100);
  add("a", 40);
  group.next();
  assert.equal(group.streamTime, 100);
  assert.equal(group.greatestLatenessMs, 60);
});

/** A group with a queue for each topic, to which records of these times can be added. */
function scene(...topics: readonly string[]) {
  const source = { name: "source", topics, key: string, value: string } as Partial<SourceNode>;
  const terms = { partition: 0, source: source as SourceNode };
  const group = new PartitionGroup(
    topics.map((topic) => {
      const timestampExtractor = failOnInvalidTimestamp;
      return new RecordQueue({ ...terms, topic, timestampExtractor, onFailure: () => "fail" });
    }),
  );
  const add = (topic: string, ...times: readonly number[]) => {
    for (const [offset, timestamp] of times.entries()) {
      const raw = { topic, partition: 0, key: null, value: null, timestamp, headers: [] };
      group.add(group.queue(topic, 0) as RecordQueue, new SingleRecord(raw, offset));
    }
  };
  return { group, add };
}
