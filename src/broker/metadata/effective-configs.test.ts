import assert from "node:assert/strict";
import { test } from "node:test";
import { openController, plainTopic } from "../../../test/metadata-fixture.ts";
import {
  type ConfigDefinition,
  config,
  normalizeConfig,
  parseConfig,
} from "./config-definition.ts";
import { configSource } from "./effective-configs.ts";

const orders = { type: 2, name: "orders" };

function set(name: string, value: string) {
  return { name, operation: "set", value } as const;
}

test("a topic's own value counts before the broker's, the cluster's, the static and the default one", () => {
  const controller = openController({ configs: [["log.retention.ms", "4"]] });
  controller.createTopic(plainTopic("orders"));
  const retention = () => {
    const all = controller.configs.describeTopic(controller.image.configs(orders) ?? new Map());
    const found = all.find(({ name }) => name === "retention.ms");
    return [found?.value, found?.source, found?.synonyms.length];
  };
  assert.deepEqual(retention(), ["4", configSource.staticBroker, 2]);
  controller.changeConfigs({ type: 4, name: "" }, [set("log.retention.ms", "3")], false);
  assert.deepEqual(retention(), ["3", configSource.defaultBroker, 3]);
  controller.changeConfigs({ type: 4, name: "1" }, [set("log.retention.ms", "2")], false);
  assert.deepEqual(retention(), ["2", configSource.broker, 4]);
  controller.changeConfigs(orders, [set("retention.ms", "1")], false);
  assert.deepEqual(retention(), ["1", configSource.topic, 5]);
  assert.equal(controller.logConfig("orders").retentionMs, 1);
});

test("retention in hours and minutes gives way to milliseconds, whatever the layer", () => {
  const ms = (...configs: (readonly [string, string])[]) =>
    openController({ configs }).logConfig("any").retentionMs;
  assert.equal(ms(), 168 * 3_600_000);
  assert.equal(ms(["log.retention.hours", "2"]), 7_200_000);
  assert.equal(ms(["log.retention.hours", "2"], ["log.retention.minutes", "3"]), 180_000);
  assert.equal(ms(["log.retention.hours", "2"], ["log.retention.ms", "-1"]), -1);
  assert.equal(openController().brokerConfig("log.roll.ms"), "604800000");
});

test("what a log is told of its topic follows each change at once", () => {
  const controller = openController();
  controller.createTopic(plainTopic("orders"));
  assert.deepEqual(
    [controller.logConfig("orders").compacts, controller.logConfig("orders").deletes],
    [false, true],
  );
  controller.changeConfigs(orders, [set("cleanup.policy", "compact,delete")], false);
  assert.deepEqual(
    [controller.logConfig("orders").compacts, controller.logConfig("orders").deletes],
    [true, true],
  );
  controller.changeConfigs({ type: 4, name: "" }, [set("log.segment.bytes", "2097152")], false);
  assert.equal(controller.logConfig("orders").segmentBytes, 2_097_152);
});

test("a group's value is kept within the bounds of the broker", () => {
  const controller = openController();
  const group = { type: 32, name: "g" };
  const session = "consumer.session.timeout.ms";
  assert.equal(controller.groupConfig("g", session), "45000");
  controller.changeConfigs(group, [set(session, "50000")], false);
  assert.equal(controller.groupConfig("g", session), "50000");
  assert.throws(() => controller.changeConfigs(group, [set(session, "61000")], false), {
    code: "INVALID_CONFIG",
    message: /must be less than or equal to group\.consumer\.max\.session\.timeout\.ms/,
  });
});

test("values are read and shown as Kafka does", () => {
  const list = config("policy", "list", "", "", { oneOf: ["a", "b"] });
  const long = config("bytes", "long", 0, "", { min: -1 });
  const cases: [ConfigDefinition, string, string | undefined][] = [
    [config("flag", "boolean", false, ""), " TRUE ", "true"],
    [config("flag", "boolean", false, ""), "yes", undefined],
    [long, "+007", "7"],
    [long, "9223372036854775807", "9223372036854775807"],
    [long, "9223372036854775808", undefined],
    [long, "-2", undefined],
    [long, "1.5", undefined],
    [long, "", undefined],
    [config("count", "int", 0, ""), "2147483648", undefined],
    [list, "a, b", "a,b"],
    [list, "", ""],
    [list, "a,c", undefined],
    [list, "a,a", undefined],
    [config("ratio", "double", 0.5, "", { min: 0, max: 1 }), "1", "1.0"],
    [config("ratio", "double", 0.5, "", { min: 0, max: 1 }), "1.1", undefined],
  ];
  for (const [definition, text, shown] of cases) {
    if (shown === undefined) {
      assert.throws(() => parseConfig(definition, text), { code: "INVALID_CONFIG" }, text);
      continue;
    }
    parseConfig(definition, text);
    assert.equal(normalizeConfig(definition, text), shown);
  }
});
