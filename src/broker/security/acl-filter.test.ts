import assert from "node:assert/strict";
import { test } from "node:test";
import type { AclBinding } from "../metadata/cluster-image.ts";
import { type AclFilter, checkFilter, checkNewAcl, matchesFilter } from "./acl-filter.ts";

const any: AclFilter = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

const acl: AclBinding = {
  id: "",
  resourceType: 2,
  resourceName: "orders",
  patternType: 3,
  principal: "User:alice",
  host: "*",
  operation: 3,
  permissionType: 3,
};

test("a filter means the entries that agree with all it says", () => {
  const fits = (filter: Partial<AclFilter>, more: Partial<AclBinding> = {}) =>
    matchesFilter({ ...acl, ...more }, { ...any, ...filter });
  assert.equal(fits({}), true);
  assert.equal(fits({ resourceTypeFilter: 3 }), false);
  assert.equal(fits({ resourceNameFilter: "orders" }), true);
  assert.equal(fits({ resourceNameFilter: "order" }), false);
  assert.equal(fits({ patternTypeFilter: 4 }), false);
  assert.equal(fits({ principalFilter: "User:bob" }), false);
  assert.equal(fits({ hostFilter: "10.0.0.1" }), false);
  assert.equal(fits({ operation: 4 }), false);
  assert.equal(fits({ permissionType: 2 }), false);
});

test("a filter that matches means all entries that would apply to a resource of the name", () => {
  const fits = (resourceName: string, patternType: number) =>
    matchesFilter(
      { ...acl, resourceName, patternType },
      { ...any, patternTypeFilter: 2, resourceNameFilter: "orders" },
    );
  assert.equal(fits("orders", 3), true);
  assert.equal(fits("*", 3), true);
  assert.equal(fits("ord", 4), true);
  assert.equal(fits("ord", 3), false);
  assert.equal(fits("pay", 4), false);
});

test("entries and filters that cannot be are refused", () => {
  checkNewAcl(acl);
  checkFilter(any);
  for (const wrong of [
    { resourceType: 1 },
    { resourceType: 8 },
    { resourceType: 4, resourceName: "other" },
    { resourceName: "" },
    { patternType: 2 },
    { operation: 1 },
    { operation: 16 },
    { permissionType: 1 },
    { principal: "alice" },
  ]) {
    assert.throws(() => checkNewAcl({ ...acl, ...wrong }), { code: "INVALID_REQUEST" });
  }
  for (const wrong of [
    { resourceTypeFilter: 0 },
    { patternTypeFilter: 5 },
    { operation: 0 },
    { permissionType: 4 },
  ]) {
    assert.throws(() => checkFilter({ ...any, ...wrong }), { code: "INVALID_REQUEST" });
  }
});
