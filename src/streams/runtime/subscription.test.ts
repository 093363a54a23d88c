import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";
import { subscription, topicsBySource } from "./subscription.ts";
import { TopologyPlan } from "./topology-plan.ts";

const text = { key: string, value: string };

function planOf(declare: (builder: StreamsBuilder) => void): TopologyPlan {
  const builder = new StreamsBuilder();
  declare(builder);
  return new TopologyPlan(builder.build().builder, "app");
}

test("without patterns, the names of all topics that tasks read are subscribed to, the application's own in full", () => {
  const plan = planOf((builder) => {
    const words = builder.stream("words", text).selectKey((word) => word);
    words.repartition({ ...text, name: "by-word" }).to("out", text);
    builder.globalTable("everywhere", text);
  });
  assert.deepEqual(subscription(plan), ["app-by-word-repartition", "words"]);
});

test("with a pattern, one expression matches the names and what the pattern matches, and nothing else", () => {
  const plan = planOf((builder) => {
    builder.stream(/log-\d+/, text).to("out", text);
    builder.stream(["plain.topic", "other"], text).to("out", text);
  });
  const pattern = subscription(plan) as RegExp;
  const topics = ["log-1", "log-22", "other", "plain.topic", "a-log-1", "log-1b", "plainxtopic"];
  const matching = topics.filter((topic) => pattern.test(topic));
  assert.deepEqual(matching, ["log-1", "log-22", "other", "plain.topic"]);
});

test("each pattern keeps its flags in the common expression", () => {
  const plan = planOf((builder) => {
    builder.stream(/up-.*/i, text).to("out", text);
    builder.stream(/down-.*/g, text).to("out", text);
  });
  const pattern = subscription(plan) as RegExp;
  const topics = ["UP-1", "up-1", "DOWN-1", "down-1"];
  assert.deepEqual(
    topics.filter((topic) => pattern.test(topic)),
    ["UP-1", "up-1", "down-1"],
  );
});

test("patterns of different Unicode modes cannot be subscribed to together", () => {
  const plan = planOf((builder) => {
    builder.stream(/a-.*/u, text).to("out", text);
    builder.stream(/b-.*/, text).to("out", text);
  });
  assert.throws(() => subscription(plan), { code: "INVALID_TOPOLOGY" });
});

test("a pattern's source reads the topics that match as a whole, save those of other sources and internal ones", () => {
  const plan = planOf((builder) => {
    builder.stream("named", text).to("out", text);
    builder
      .stream(/[ab]|app-.*/, text)
      .groupBy((value) => value, text)
      .count({ store: "counts" });
  });
  const existing = ["b", "named", "a", "app-counts-changelog", "app-counts-repartition", "ab"];
  const bySource = topicsBySource(plan, existing);
  assert.deepEqual(bySource.get("KSTREAM-SOURCE-0000000002"), ["a", "b"]);
  assert.deepEqual(bySource.get("KSTREAM-SOURCE-0000000000"), ["named"]);
});

test("a topic that two patterns match has no source, and is refused", () => {
  const plan = planOf((builder) => {
    builder.stream(/a.*/, text).to("out", text);
    builder.stream(/.*b/, text).to("out", text);
  });
  assert.equal(topicsBySource(plan, ["a", "b"]).size, 2);
  assert.throws(() => topicsBySource(plan, ["a", "ab"]), {
    code: "INVALID_TOPOLOGY",
    message: /ab matches the patterns of both/,
  });
});
