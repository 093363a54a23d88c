import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AclBinding } from "../metadata/cluster-image.ts";
import { AclAuthorizer } from "./acl-authorizer.ts";
import { aclOperations, aclResourceTypes, patternTypes, permissionTypes } from "./acl-codes.ts";
import type { AclOperation } from "./authorizer.ts";

const alice = { type: "User", name: "alice" };

function acl(more: Partial<AclBinding> = {}): AclBinding {
  return {
    id: "",
    resourceType: aclResourceTypes.TOPIC,
    resourceName: "orders",
    patternType: patternTypes.literal,
    principal: "User:alice",
    host: "*",
    operation: aclOperations.READ,
    permissionType: permissionTypes.allow,
    ...more,
  };
}

function authorizerOf(...acls: AclBinding[]): AclAuthorizer {
  return new AclAuthorizer({ superUsers: new Set(["User:root"]), allowsIfNoAcl: false }, acls);
}

function may(
  authorizer: AclAuthorizer,
  operation: AclOperation,
  resourceName = "orders",
  { principal = alice, host = "10.0.0.1" } = {},
): boolean {
  return authorizer.isAllowed({ principal, host, operation, resourceType: "TOPIC", resourceName });
}

test("nobody is allowed anything without an entry, but super users are everything", () => {
  const authorizer = authorizerOf(acl());
  assert.equal(may(authorizer, "READ"), true);
  assert.equal(may(authorizer, "WRITE"), false);
  assert.equal(may(authorizer, "READ", "payments"), false);
  assert.equal(
    may(authorizer, "READ", "orders", { principal: { type: "User", name: "bob" } }),
    false,
  );
  const root = { principal: { type: "User", name: "root" } };
  assert.equal(
    may(authorizerOf(acl({ principal: "User:*", permissionType: 2 })), "READ", "x", root),
    true,
  );
});

test("a resource without entries is open to all where that is set, and closed by the first entry", () => {
  const options = { superUsers: new Set<string>(), allowsIfNoAcl: true };
  const authorizer = new AclAuthorizer(options, [acl({ principal: "User:bob" })]);
  assert.equal(may(authorizer, "READ", "payments"), true);
  assert.equal(may(authorizer, "READ", "orders"), false);
});

test("a denial prevails over all that allow, whatever the patterns", () => {
  const everyone = acl({ principal: "User:*", resourceName: "*", operation: 2 });
  const denial = { permissionType: permissionTypes.deny };
  for (const denied of [
    acl(denial),
    acl({ ...denial, resourceName: "*" }),
    acl({ ...denial, resourceName: "ord", patternType: patternTypes.prefixed }),
  ]) {
    assert.equal(may(authorizerOf(everyone, acl(), denied), "READ"), false);
    assert.equal(may(authorizerOf(everyone, acl(), denied), "WRITE"), true);
  }
});

test("prefixes, wildcards and hosts are matched", () => {
  const prefixed = authorizerOf(acl({ resourceName: "or", patternType: patternTypes.prefixed }));
  assert.equal(may(prefixed, "READ", "orders"), true);
  assert.equal(may(prefixed, "READ", "o"), false);
  assert.equal(may(authorizerOf(acl({ resourceName: "*" })), "READ", "any"), true);
  const hosted = authorizerOf(acl({ host: "10.0.0.1" }));
  assert.equal(may(hosted, "READ"), true);
  assert.equal(may(hosted, "READ", "orders", { host: "10.0.0.2" }), false);
});

test("who may read, write, delete or alter may describe, but a denial of these denies no more", () => {
  for (const operation of ["READ", "WRITE", "DELETE", "ALTER"] as const) {
    const entry = acl({ operation: aclOperations[operation] });
    assert.equal(may(authorizerOf(entry), "DESCRIBE"), true);
    const denied = { ...entry, permissionType: permissionTypes.deny };
    const described = acl({ operation: aclOperations.DESCRIBE });
    assert.equal(may(authorizerOf(described, denied), "DESCRIBE"), true);
  }
  assert.equal(may(authorizerOf(acl({ operation: aclOperations.CREATE })), "DESCRIBE"), false);
  const configs = authorizerOf(acl({ operation: aclOperations.ALTER_CONFIGS }));
  assert.equal(may(configs, "DESCRIBE_CONFIGS"), true);
  assert.equal(may(configs, "DESCRIBE"), false);
});

test("being allowed on any resource needs one that is not denied", () => {
  const any = (...acls: AclBinding[]) =>
    authorizerOf(...acls).isAllowedOnAny({
      principal: alice,
      host: "10.0.0.1",
      operation: "READ",
      resourceType: "TOPIC",
    });
  const denial = { permissionType: permissionTypes.deny };
  const prefixed = { patternType: patternTypes.prefixed };
  assert.equal(any(), false);
  assert.equal(any(acl()), true);
  assert.equal(any(acl(), acl(denial)), false);
  assert.equal(any(acl(), acl({ ...denial, ...prefixed, resourceName: "or" })), false);
  assert.equal(any(acl({ ...prefixed, resourceName: "o" }), acl(denial)), true);
  assert.equal(any(acl({ resourceName: "*" }), acl({ ...denial, resourceName: "hardcode" })), true);
  assert.equal(any(acl(), acl({ ...denial, resourceName: "*" })), false);
});

const name = fc.constantFrom("a", "ab", "abc", "b", "*");
const entry = fc.record({
  resourceName: name,
  patternType: fc.constantFrom(3, 4),
  principal: fc.constantFrom("User:alice", "User:bob", "User:*"),
  host: fc.constantFrom("*", "10.0.0.1", "10.0.0.2"),
  operation: fc.constantFrom(2, 3, 4, 8),
  permissionType: fc.constantFrom(2, 3),
});

test("the index finds the same entries as a walk over all of them", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), name, (entries, resourceName) => {
      const acls = entries.map((one) => acl(one));
      const about = acls.filter(
        ({ resourceName: pattern, patternType, principal, host, operation }) =>
          (patternType === 4
            ? resourceName.startsWith(pattern)
            : pattern === resourceName || pattern === "*") &&
          principal !== "User:bob" &&
          host !== "10.0.0.2" &&
          (operation === 2 || operation === 4),
      );
      const isDenied = about.some(({ permissionType }) => permissionType === 2);
      const expected = about.length > 0 && !isDenied;
      assert.equal(may(authorizerOf(...acls), "WRITE", resourceName), expected);
    }),
  );
});
