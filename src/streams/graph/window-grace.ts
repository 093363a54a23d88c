import { TopologyError } from "../../errors.ts";
import type { GraphNode } from "./graph-node.ts";

/**
 * The grace of the windows that a node's rows are of, in milliseconds: the greatest of those defined
 * nearest above it. Throws INVALID_TOPOLOGY where a way up meets no windows (`GraphGraceSearchUtil`).
 */
export function windowGraceOf(node: GraphNode, below = ""): number {
  const { graceMs } = node.options;
  if (graceMs !== undefined) return graceMs;
  const chain = below === "" ? node.name : `${node.name} -> ${below}`;
  if (node.parents.size === 0) {
    const message = `only windows close, and there are none above: ${chain}`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  return Math.max(...[...node.parents].map((parent) => windowGraceOf(parent, chain)));
}
