import assert from "node:assert/strict";
import { test } from "node:test";
import { openController, plainTopic } from "../../../test/metadata-fixture.ts";
import type { BrokerErrorCode } from "../../broker-error-code.ts";
import type { ConfigOperation } from "./config-control.ts";

const orders = { type: 2, name: "orders" };

function change(name: string, operation: ConfigOperation, value = "") {
  return { name, operation, value };
}

test("changes that cannot be are refused with Kafka's errors", () => {
  const controller = openController();
  controller.createTopic(plainTopic("orders"));
  const cases: [number, string, string, string, BrokerErrorCode][] = [
    [2, "orders", "no.such.config", "1", "INVALID_CONFIG"],
    [2, "orders", "segment.bytes", "5", "INVALID_CONFIG"],
    [2, "", "retention.ms", "5", "INVALID_REQUEST"],
    [2, "a b", "retention.ms", "5", "INVALID_TOPIC_EXCEPTION"],
    [2, "nothing", "retention.ms", "5", "UNKNOWN_TOPIC_OR_PARTITION"],
    [4, "2", "log.retention.ms", "5", "INVALID_REQUEST"],
    [4, "x", "log.retention.ms", "5", "INVALID_REQUEST"],
    [4, "", "num.partitions", "5", "INVALID_REQUEST"],
    [4, "", "log.retention.ms", "soon", "INVALID_REQUEST"],
    [4, "1", "min.insync.replicas", "1", "INVALID_CONFIG"],
    [16, "m", "interval.ms", "1", "INVALID_CONFIG"],
    [16, "m", "match", "colour=red", "INVALID_CONFIG"],
    [32, "g", "consumer.session.timeout.ms", "1", "INVALID_CONFIG"],
    [32, "g", "no.such.config", "1", "INVALID_CONFIG"],
    [32, "", "consumer.session.timeout.ms", "50000", "INVALID_REQUEST"],
    [2, "orders", "retention.ms", "5".repeat(0x8000), "INVALID_CONFIG"],
  ];
  for (const [type, name, key, value, code] of cases) {
    const attempt = () =>
      controller.changeConfigs({ type, name }, [change(key, "set", value)], false);
    assert.throws(attempt, { code }, `${type} ${name} ${key}`);
  }
  assert.equal(controller.image.configs(orders), undefined);
});

test("lists can be added to and taken from, other values not", () => {
  const controller = openController();
  controller.createTopic(plainTopic("orders"));
  const policy = () => controller.image.configs(orders)?.get("cleanup.policy");
  const alter = (one: ReturnType<typeof change>) => controller.changeConfigs(orders, [one], false);
  alter(change("cleanup.policy", "append", "compact"));
  assert.equal(policy(), "delete,compact");
  alter(change("cleanup.policy", "subtract", "delete"));
  assert.equal(policy(), "compact");
  alter(change("cleanup.policy", "delete"));
  assert.equal(policy(), undefined);
  assert.throws(() => alter(change("retention.ms", "append", "5")), { code: "INVALID_CONFIG" });
});

test("a change of several configs is made whole or not at all", () => {
  const controller = openController();
  controller.createTopic(plainTopic("orders"));
  const both = [change("retention.ms", "set", "5"), change("segment.bytes", "set", "-5")];
  assert.throws(() => controller.changeConfigs(orders, both, false), { code: "INVALID_CONFIG" });
  assert.equal(controller.image.configs(orders), undefined);
});

test("configs that are replaced as a whole lose what is not named", () => {
  const controller = openController();
  controller.createTopic({ ...plainTopic("orders"), configs: new Map([["retention.ms", "5"]]) });
  controller.replaceConfigs(orders, new Map([["segment.ms", "7"]]), false);
  assert.deepEqual([...(controller.image.configs(orders) ?? [])], [["segment.ms", "7"]]);
});

test("features go up and down as Kafka lets them", () => {
  const controller = openController();
  const update = (feature: string, level: number, upgradeType: number) =>
    controller.updateFeatures([{ feature, level, upgradeType }], false);
  const refused = { code: "INVALID_UPDATE_VERSION" };
  update("transaction.version", 1, 2);
  assert.equal(controller.image.features.get("transaction.version"), 1);
  assert.throws(() => update("transaction.version", 0, 1), refused);
  assert.throws(() => update("transaction.version", 2, 2), refused);
  update("transaction.version", 2, 1);
  update("group.version", 0, 3);
  assert.equal(controller.image.features.get("group.version"), undefined);
  assert.throws(() => update("transaction.version", 3, 1), refused);
  assert.throws(() => update("metadata.version", 29, 2), refused);
  assert.throws(() => update("kraft.version", 1, 1), refused);
  assert.throws(() => update("no.such.feature", 1, 1), refused);
});
