import type { OffsetReset } from "../../client/index.ts";
import { TopologyError } from "../../errors.ts";
import type { GraphNode } from "./graph-node.ts";

/** Puts streams of the same topics together under one source: a topic is read once, whoever uses it. */
export function mergeSources(root: GraphNode): void {
  const byTopic = new Map<string, GraphNode>();
  for (const node of [...root.children]) {
    if (node.role.is !== "source") continue;
    const { topics } = node.role;
    const keys = topics instanceof RegExp ? [`${topics}`] : topics;
    for (const key of keys) {
      const first = byTopic.get(key);
      if (!first) byTopic.set(key, node);
      else if (first !== node) {
        merge(key, first, node);
        root.remove(node);
      }
    }
  }
}

function merge(topic: string, first: GraphNode, other: GraphNode): void {
  if (first.role.is !== "source" || other.role.is !== "source") return;
  if (!areEqual(first.role.topics, other.role.topics)) {
    const message = `the topic ${topic} is in two streams with different lists of topics: give both the same list`;
    throw new TopologyError("NAME_TAKEN", message);
  }
  if (resetName(first.role.offsetReset) !== resetName(other.role.offsetReset)) {
    const message = `two streams of the topic ${topic} have different offset resets: give both the same`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  for (const child of [...other.children]) {
    other.remove(child);
    first.add(child);
  }
}

function areEqual(one: readonly string[] | RegExp, other: readonly string[] | RegExp): boolean {
  if (one instanceof RegExp || other instanceof RegExp) return `${one}` === `${other}`;
  const names = new Set(one);
  return names.size === new Set(other).size && other.every((topic) => names.has(topic));
}

function resetName(reset: OffsetReset | undefined): string {
  return typeof reset === "object" ? `${reset.durationMs} ms` : (reset ?? "default");
}
