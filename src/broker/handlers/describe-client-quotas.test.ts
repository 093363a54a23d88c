import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, openController } from "../../../test/metadata-fixture.ts";
import { DescribeClientQuotas } from "../../protocol/index.ts";
import { describeClientQuotas } from "./describe-client-quotas.ts";

const alice = { entityType: "user", matchType: 0, match: "alice" };

function answer(
  components: readonly { entityType: string; matchType: number; match: string | null }[],
  denied: readonly string[] = [],
) {
  const request = { components: [...components], strict: true };
  const controller = openController();
  return ask(DescribeClientQuotas, describeClientQuotas, request, { controller, denied });
}

test("nobody has a quota", () => {
  assert.deepEqual(answer([alice]).entries, []);
});

test("quotas are shown to those alone who may see the settings of the cluster", () => {
  const code = "CLUSTER_AUTHORIZATION_FAILED";
  assert.throws(() => answer([alice], ["DESCRIBE_CONFIGS CLUSTER kafka-cluster"]), { code });
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
