import assert from "node:assert/strict";
import { test } from "node:test";
import { operationsNotAsked } from "../../protocol/apis/authorized-operations.ts";
import { authorizedOperations } from "./authorized-operations.ts";

test("each bit stands for the operation of that number", () => {
  assert.deepEqual(authorizedOperations((1 << 3) | (1 << 8) | (1 << 15)), [
    "read",
    "describe",
    "two-phase-commit",
  ]);
  assert.deepEqual(authorizedOperations(0), []);
});

test("operations that were not asked for are told apart from none", () => {
  assert.equal(authorizedOperations(operationsNotAsked), undefined);
});
