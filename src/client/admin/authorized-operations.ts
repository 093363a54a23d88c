import { operationsNotAsked } from "../../protocol/index.ts";

/** What a user can be allowed to do with a topic, a group or the cluster. */
export type AuthorizedOperation = (typeof byBit)[number];

/** The operations by their number on the wire, which is their bit in a set (KIP-430). */
const byBit = [
  "unknown",
  "any",
  "all",
  "read",
  "write",
  "create",
  "delete",
  "alter",
  "describe",
  "cluster-action",
  "describe-configs",
  "alter-configs",
  "idempotent-write",
  "create-tokens",
  "describe-tokens",
  "two-phase-commit",
] as const;

/** The operations in a bit set from the wire; undefined where they were not asked for. */
export function authorizedOperations(bits: number): readonly AuthorizedOperation[] | undefined {
  if (bits === operationsNotAsked) return undefined;
  return byBit.filter((_operation, bit) => (bits & (1 << bit)) !== 0);
}
