import { TopologyError } from "../../errors.ts";
import type { TopologyBuilder } from "../topology-builder.ts";
import type { GraphNode } from "./graph-node.ts";

/** Repartitions that can be put together, by the key-changing node (or merge) that they are there for. */
export type RepartitionsByCause = Map<GraphNode, Set<GraphNode>>;

/** Lets all repartitions below a change of key share one topic, right below the change. */
export function mergeRepartitions(
  byCause: RepartitionsByCause,
  merges: ReadonlySet<GraphNode>,
  topology: TopologyBuilder,
): void {
  moveBelowMerges(byCause, merges);
  for (const [cause, repartitions] of byCause) {
    const [first] = repartitions;
    if (first?.role.is !== "repartition") continue;
    const others = [...repartitions].flatMap(({ role }) =>
      role.is === "repartition" ? [role.repartition] : [],
    );
    const shared = first.role.again(others);
    shared.priority = cause.priority;
    for (const repartition of repartitions) {
      const child = repartition.find(({ parents }) => parents.has(cause));
      if (!child) {
        const message = `${repartition.name} does not follow from ${cause.name}`;
        throw new TopologyError("INVALID_TOPOLOGY", message);
      }
      shared.add(child);
      cause.remove(child);
      takeOut(repartition);
      topology.replaceCopartitioned(repartition.name, shared.name);
    }
    cause.add(shared);
    byCause.delete(cause);
  }
}

/** Puts a node's children below its parents. */
function takeOut(node: GraphNode): void {
  const children = [...node.children];
  const parents = [...node.parents];
  for (const child of children) {
    for (const parent of parents) parent.add(child);
    node.remove(child);
  }
  for (const parent of parents) parent.remove(node);
}

/** Where streams with changed keys are merged before they are repartitioned, the merge is the cause. */
function moveBelowMerges(byCause: RepartitionsByCause, merges: ReadonlySet<GraphNode>): void {
  const causesOf = new Map<GraphNode, Set<GraphNode>>();
  for (const merge of merges) {
    const causes = new Set<GraphNode>();
    causesOf.set(merge, causes);
    for (const [cause, repartitions] of byCause) {
      const isAbove = [...repartitions].every((one) =>
        one.find(({ parents }) => parents.has(merge)),
      );
      if (isAbove && merge.find(({ parents }) => parents.has(cause))) causes.add(cause);
    }
  }
  const moved = new Set<GraphNode>();
  for (const [merge, causes] of causesOf) {
    const repartitions = new Set<GraphNode>();
    for (const cause of causes) {
      for (const one of byCause.get(cause) ?? []) repartitions.add(one);
      moved.add(cause);
    }
    byCause.set(merge, repartitions);
  }
  for (const cause of moved) byCause.delete(cause);
}
