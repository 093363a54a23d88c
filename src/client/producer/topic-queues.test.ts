import assert from "node:assert/strict";
import { test } from "node:test";
import { TopicQueues } from "./topic-queues.ts";

const rules = { maxInFlight: 1, identities: undefined, isTransactional: false };

function topicOf(partitions: number, available: readonly number[] = [0, 1, 2]): TopicQueues {
  let turn = 0;
  const randoms = [0, 0.5, 0.9];
  const topic = new TopicQueues("orders", { batchSize: 1_000, maxRequestSize: 100_000 }, rules, {
    isAvailable: (_, partition) => available.includes(partition),
    random: () => randoms[turn++ % randoms.length] as number,
  });
  topic.resize(partitions);
  return topic;
}

test("records without a key stay with a partition until about a batch has been written", () => {
  const topic = topicOf(3);
  const first = topic.sticky();
  topic.addSticky(400);
  assert.equal(topic.sticky(), first);
  topic.addSticky(700);
  assert.notEqual(topic.sticky(), first);
});

test("a partition without a leader gets no turn", () => {
  const topic = topicOf(3, [1]);
  for (let turn = 0; turn < 5; turn += 1) {
    assert.equal(topic.sticky().partition, 1);
    topic.addSticky(1_000);
  }
});

test("batches grow with the compression that is seen, up to a request", () => {
  const topic = topicOf(1);
  for (let batch = 0; batch < 40; batch += 1) {
    topic.learnRatio(topic.batchLimit, topic.batchLimit * 0.1);
  }
  assert.ok(topic.batchLimit > 9_000 && topic.batchLimit <= 10_000, `${topic.batchLimit}`);
  for (let batch = 0; batch < 80; batch += 1) {
    topic.learnRatio(topic.batchLimit, topic.batchLimit * 0.001);
  }
  assert.equal(topic.batchLimit, 100_000);
  topic.learnRatio(topic.batchLimit, topic.batchLimit);
  assert.equal(topic.batchLimit, 1_000);
});

test("small batches teach nothing about compression", () => {
  const topic = topicOf(1);
  topic.learnRatio(100, 10);
  assert.equal(topic.batchLimit, 1_000);
});

test("after a batch was too large for the broker, later ones are smaller", () => {
  const topic = new TopicQueues("orders", { batchSize: 16_384, maxRequestSize: 100_000 }, rules, {
    isAvailable: () => true,
    random: () => 0,
  });
  topic.shrink(16_000);
  assert.equal(topic.batchLimit, 8_000);
  for (let times = 0; times < 10; times += 1) topic.shrink(2_000);
  assert.equal(topic.batchLimit, 1_024);
});
