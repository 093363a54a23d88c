import { MillraceError } from "../../errors.ts";
import type { Assignor, RebalanceProtocol } from "./assignor.ts";

/**
 * The rebalance protocol of a member with these assignors: the most cooperative that all of them
 * know, so that members can go from one assignor to another in a rolling restart (KIP-429). Throws
 * `INVALID_ARGUMENT` when there is none, or when two bear the same name.
 */
export function commonProtocol(assignors: readonly Assignor[]): RebalanceProtocol {
  const names = assignors.map(({ name }) => name);
  if (names.length === 0 || new Set(names).size < names.length) {
    const text = `assignors must be one or more with different names, not [${names.join(", ")}]`;
    throw new MillraceError("INVALID_ARGUMENT", text);
  }
  const mostCooperative: readonly RebalanceProtocol[] = ["cooperative", "eager"];
  const common = mostCooperative.find((one) =>
    assignors.every(({ protocols }) => protocols.includes(one)),
  );
  if (common) return common;
  const text = `the assignors ${names.join(" and ")} have no rebalance protocol in common: use them in different groups`;
  throw new MillraceError("INVALID_ARGUMENT", text);
}

/** The assignor that the group has chosen; throws `INVALID_STATE` when it is none of this member's. */
export function assignorNamed(assignors: readonly Assignor[], name: string): Assignor {
  const chosen = assignors.find((one) => one.name === name);
  if (chosen) return chosen;
  const text = `the group has chosen the assignor "${name}", which this member did not offer`;
  throw new MillraceError("INVALID_STATE", text);
}
