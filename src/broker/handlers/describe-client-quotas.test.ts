import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../../../test/metadata-fixture.ts";
import { DescribeClientQuotas } from "../../protocol/index.ts";
import type { QuotaBinding } from "../metadata/cluster-image.ts";
import type { Controller } from "../metadata/controller.ts";
import { describeClientQuotas } from "./describe-client-quotas.ts";

const alice = { entityType: "user", matchType: 0, match: "alice" };

const components = [alice];

function answer(
  asked: readonly { entityType: string; matchType: number; match: string | null }[],
  { denied = [] as readonly string[], strict = true, kept = [] as readonly QuotaBinding[] } = {},
) {
  const controller = { image: { quotas: kept } } as unknown as Controller;
  const request = { components: [...asked], strict };
  return ask(DescribeClientQuotas, describeClientQuotas, request, { controller, denied });
}

test("nobody has a quota unless an Apache Kafka had one for them before", () => {
  const ofAlice = [{ entityType: "user", entityName: "alice" }];
  const ofAll = [{ entityType: "user", entityName: null }];
  const ofAliceHere = [...ofAlice, { entityType: "client-id", entityName: "here" }];
  const kept = [
    { entity: ofAlice, key: "producer_byte_rate", value: 1_000 },
    { entity: ofAlice, key: "consumer_byte_rate", value: 2_000 },
    { entity: ofAll, key: "producer_byte_rate", value: 3_000 },
    { entity: ofAliceHere, key: "producer_byte_rate", value: 4_000 },
  ];
  const entities = (...args: Parameters<typeof answer>) =>
    answer(...args).entries?.map(({ entity }) => entity);
  const values = [
    { key: "producer_byte_rate", value: 1_000 },
    { key: "consumer_byte_rate", value: 2_000 },
  ];
  assert.deepEqual(answer(components).entries, []);
  assert.deepEqual(answer(components, { kept }).entries, [{ entity: ofAlice, values }]);
  assert.deepEqual(entities(components, { kept, strict: false }), [ofAlice, ofAliceHere]);
  const byDefault = { entityType: "user", matchType: 1, match: null };
  assert.deepEqual(entities([byDefault], { kept }), [ofAll]);
  const any = { entityType: "user", matchType: 2, match: null };
  assert.deepEqual(entities([any], { kept }), [ofAlice, ofAll]);
  assert.deepEqual(entities([], { kept, strict: false }), [ofAlice, ofAll, ofAliceHere]);
});

test("quotas are shown to those alone who may see the settings of the cluster", () => {
  const code = "CLUSTER_AUTHORIZATION_FAILED";
  assert.throws(() => answer(components, { denied: ["DESCRIBE_CONFIGS CLUSTER kafka-cluster"] }), {
    code,
  });
});

test("a filter of quotas that cannot be is refused", () => {
  const invalid = { code: "INVALID_REQUEST" };
  assert.throws(() => answer([alice, alice]), invalid);
  assert.throws(() => answer([{ ...alice, entityType: "" }]), invalid);
  assert.throws(() => answer([{ ...alice, matchType: 3 }]), invalid);
  assert.throws(() => answer([{ ...alice, matchType: 1 }]), invalid);
  assert.throws(() => answer([{ ...alice, match: null }]), invalid);
  assert.throws(() => answer([alice, { ...alice, entityType: "ip" }]), invalid);
  const code = "UNSUPPORTED_VERSION";
  assert.throws(() => answer([{ ...alice, entityType: "planet" }]), { code });
});
