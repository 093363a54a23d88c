import { TopologyError } from "../../errors.ts";
import type { GraphNode } from "./graph-node.ts";

/** Gives joins of a stream with itself one store in place of two (KIP-862). */
export function joinWithSelf(root: GraphNode): void {
  const visited = new Set<GraphNode>();
  const visit = (node: GraphNode) => {
    visited.add(node);
    if (node.role.is === "stream-join" && node.parents.size === 1) {
      const [parent] = node.parents;
      const { left, right } = node.role;
      if (
        !(
          parent?.children.has(left) &&
          parent.children.has(right) &&
          left.priority < right.priority
        )
      ) {
        const message = `${node.name} joins a stream with itself in a way that cannot be optimised`;
        throw new TopologyError("INVALID_TOPOLOGY", message);
      }
      parent.remove(right);
      node.role.isSelfJoin = true;
    }
    for (const child of [...node.children]) if (!visited.has(child)) visit(child);
  };
  visit(root);
}
