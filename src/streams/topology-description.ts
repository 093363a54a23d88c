import { hashOrder } from "./java-order.ts";
import type { TopologyBuilder } from "./topology-builder.ts";
import type { TopologyNode } from "./topology-node.ts";
import { TreeSet } from "./tree-set.ts";

interface Described {
  readonly node: TopologyNode;
  readonly before: TreeSet<Described>;
  readonly after: TreeSet<Described>;
  /** How many ways lead down from here, this node included: Kafka's "size of the sub-topology". */
  size: number;
}

/** Writes a topology down as text, character by character as Kafka's `TopologyDescription.toString()`. */
export function describeTopology(builder: TopologyBuilder): string {
  let text = "Topologies:\n ";
  for (const [id, names] of builder.groups().entries()) {
    text += `  ${describeGroup(builder, id, names)}`;
  }
  return text;
}

function describeGroup(builder: TopologyBuilder, id: number, names: readonly string[]): string {
  const nodes = connected(builder, names);
  const isGlobal = [...nodes].some(
    ({ node }) => node.kind === "source" && node.topics.some((t) => builder.isGlobalTopic(t)),
  );
  const lines = [...nodes].map((one) => describeNode(builder, one));
  if (isGlobal) {
    const body = lines.map((line) => `    ${line}\n`).join("");
    return `Sub-topology: ${id} for global store (will not generate tasks)\n${body}`;
  }
  return `Sub-topology: ${id}\n${lines.map((line) => `    ${line}\n`).join("")}\n`;
}

/** The nodes of a group in the order of their sizes, each connected to its neighbours. */
function connected(builder: TopologyBuilder, names: readonly string[]): TreeSet<Described> {
  const byName = new Map<string, Described>();
  for (const name of hashOrder(names)) {
    const node = builder.nodes.get(name) as TopologyNode;
    const [before, after] = [new TreeSet(bySize), new TreeSet(bySize)];
    byName.set(name, { node, before, after, size: 1 });
  }
  // The order of what follows decides how equals are ordered, so it is that of Java's hash map.
  for (const one of byName.values()) {
    for (const parent of one.node.kind === "source" ? [] : one.node.parents) {
      const above = byName.get(parent) as Described;
      one.before.add(above);
      above.after.add(one);
      grow(above, one.size);
    }
  }
  const sorted = new TreeSet(bySize);
  for (const one of byName.values()) sorted.add(one);
  return sorted;
}

function grow(one: Described, by: number): void {
  one.size += by;
  for (const above of one.before) grow(above, by);
}

function bySize(one: Described, other: Described): number {
  if (one === other) return 0;
  if (one.size !== other.size) return other.size - one.size;
  return one.node.name < other.node.name ? -1 : 1;
}

function describeNode(builder: TopologyBuilder, { node, before, after }: Described): string {
  const down = `\n      --> ${namesOf(after)}`;
  const up = `\n      <-- ${namesOf(before)}`;
  switch (node.kind) {
    case "source": {
      const topics = node.pattern
        ? node.pattern.source
        : `[${hashOrder(node.topics, true).join(", ")}]`;
      return `Source: ${node.name} (topics: ${topics})${down}`;
    }
    case "processor": {
      const stores = hashOrder(hashOrder(builder.storesOf(node.name)), true).join(", ");
      return `Processor: ${node.name} (stores: [${stores}])${down}${up}`;
    }
    case "sink": {
      const isNamed = typeof node.topic === "string";
      const topic = isNamed ? `topic: ${node.topic}` : `extractor class: ${nameOf(node.topic)}`;
      return `Sink: ${node.name} (${topic})${up}`;
    }
    default:
      return node satisfies never;
  }
}

function namesOf(nodes: TreeSet<Described>): string {
  return [...nodes].map(({ node }) => node.name).join(", ") || "none";
}

function nameOf(extractor: unknown): string {
  return typeof extractor === "function" && extractor.name ? extractor.name : "function";
}
