import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assignorNamed, commonProtocol } from "./assignor-choice.ts";
import { cooperativeSticky } from "./assignors/cooperative-sticky.ts";
import { range } from "./assignors/range.ts";
import { sticky } from "./assignors/sticky.ts";

describe("the choice of assignors", () => {
  test("is cooperative where all of them are, and eager otherwise", () => {
    assert.equal(commonProtocol([cooperativeSticky]), "cooperative");
    assert.equal(commonProtocol([range, cooperativeSticky]), "eager");
    assert.equal(commonProtocol([range, sticky]), "eager");
  });

  test("is refused without a protocol in common, with a name twice, or empty", () => {
    const onlyCooperative = { ...cooperativeSticky, protocols: ["cooperative"] as const };
    assert.throws(() => commonProtocol([range, onlyCooperative]), { code: "INVALID_ARGUMENT" });
    assert.throws(() => commonProtocol([range, range]), { code: "INVALID_ARGUMENT" });
    assert.throws(() => commonProtocol([]), { code: "INVALID_ARGUMENT" });
  });

  test("of the group must be one that the member has offered", () => {
    assert.equal(assignorNamed([range, sticky], "sticky"), sticky);
    assert.throws(() => assignorNamed([range], "sticky"), { code: "INVALID_STATE" });
  });
});
