import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, numberOf, openController, plainTopic } from "../../../test/metadata-fixture.ts";
import {
  AlterConfigs,
  CreatePartitions,
  IncrementalAlterConfigs,
  ListConfigResources,
} from "../../protocol/index.ts";
import { alterConfigs } from "./alter-configs.ts";
import { createPartitions } from "./create-partitions.ts";
import { incrementalAlterConfigs } from "./incremental-alter-configs.ts";
import { listConfigResources } from "./list-config-resources.ts";

const [set, remove] = [0, 1];

function resource(name: string, ...configs: [string, number, string | null][]) {
  return {
    resourceType: 2,
    resourceName: name,
    configs: configs.map(([config, configOperation, value]) => {
      return { name: config, configOperation, value };
    }),
  };
}

test("the resources of one request are altered in one step, each answered for itself", () => {
  const controller = openController();
  for (const name of ["a", "b", "c", "d"]) controller.createTopic(plainTopic(name));
  const before = controller.lastAppliedOffset;
  let steps = 0;
  controller.addListener({
    changed: () => {
      steps += 1;
    },
  });
  const request = {
    resources: [
      resource("a", ["retention.ms", set, "5"]),
      resource("b", ["retention.ms", set, "soon"]),
      resource("c", ["retention.ms", set, "5"]),
      resource("d", ["retention.ms", set, "1"], ["retention.ms", remove, null]),
      resource("e", ["retention.ms", set, null]),
      resource("f", ["retention.ms", 9, "5"]),
    ],
    validateOnly: false,
  };
  const answer = ask(IncrementalAlterConfigs, incrementalAlterConfigs, request, {
    controller,
    denied: ["ALTER_CONFIGS TOPIC c"],
  });
  assert.deepEqual(
    answer.responses.map(({ resourceName, errorCode }) => [resourceName, errorCode]),
    [
      ["a", 0],
      ["b", numberOf("INVALID_CONFIG")],
      ["c", numberOf("TOPIC_AUTHORIZATION_FAILED")],
      ["d", numberOf("INVALID_REQUEST")],
      ["e", numberOf("INVALID_REQUEST")],
      ["f", numberOf("INVALID_REQUEST")],
    ],
  );
  assert.deepEqual([steps, controller.lastAppliedOffset - before], [1, 1]);
});

test("a request that is only to be checked changes nothing", () => {
  const controller = openController();
  controller.createTopic(plainTopic("a"));
  const configs = [{ name: "retention.ms", value: "5" }];
  const resources = [{ resourceType: 2, resourceName: "a", configs }];
  const before = controller.lastAppliedOffset;
  const request = { resources, validateOnly: true };
  const answer = ask(AlterConfigs, alterConfigs, request, { controller });
  assert.equal(answer.responses[0]?.errorCode, 0);
  assert.equal(controller.lastAppliedOffset, before);
});

test("partitions are added to the topics that can have more", () => {
  const controller = openController();
  for (const name of ["a", "b"]) controller.createTopic(plainTopic(name));
  const topics = ["a", "b", "b", "c"].map((name) => ({ name, count: 2, assignments: null }));
  const request = { topics, timeoutMs: 1000, validateOnly: false };
  const answer = ask(CreatePartitions, createPartitions, request, { controller });
  assert.deepEqual(
    answer.results.map(({ name, errorCode }) => [name, errorCode]),
    [
      ["a", 0],
      ["b", numberOf("INVALID_REQUEST")],
      ["c", numberOf("UNKNOWN_TOPIC_OR_PARTITION")],
    ],
  );
});

test("resources with configs are listed by their types", () => {
  const controller = openController();
  controller.createTopic(plainTopic("a"));
  const change = { name: "consumer.session.timeout.ms", operation: "set", value: "50000" } as const;
  controller.changeConfigs({ type: 32, name: "g" }, [change], false);
  const list = (resourceTypes: number[], version: number) =>
    ask(ListConfigResources, listConfigResources, { resourceTypes }, { controller, version });
  const names = list([], 1).configResources.map((one) => [one.resourceType, one.resourceName]);
  assert.deepEqual(names, [
    [32, "g"],
    [8, "1"],
    [4, "1"],
    [2, "a"],
  ]);
  assert.deepEqual(list([], 0).configResources, []);
  assert.equal(list([3], 1).errorCode, numberOf("UNSUPPORTED_VERSION"));
});
