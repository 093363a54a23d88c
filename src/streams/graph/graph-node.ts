import type { OffsetReset } from "../../client/index.ts";
import type { AnyOperator } from "../node.ts";
import type { TopologyBuilder } from "../topology-builder.ts";

/** What the optimisations must know of a node beyond its name and place. */
export type GraphRole =
  | { readonly is: "other" }
  | {
      readonly is: "source";
      readonly topics: readonly string[] | RegExp;
      readonly offsetReset: OffsetReset | undefined;
    }
  | { readonly is: "table-source"; reusesTopic: boolean }
  | { readonly is: "suppress" }
  | {
      readonly is: "repartition";
      readonly isOptimizable: boolean;
      /** Set where records with null keys are of no use to anything below. */
      dropsNullKeys: boolean;
      /** What it was made from, as {@link again} of another one takes it. */
      readonly repartition: unknown;
      /** Makes a node that repartitions in place of this one and of others. */
      readonly again: (others: readonly unknown[]) => GraphNode;
    }
  | {
      readonly is: "stream-join";
      readonly left: GraphNode;
      readonly right: GraphNode;
      isSelfJoin: boolean;
    };

/** What is true of a node, for the optimisations and for the tables below. */
export interface GraphFlags {
  readonly isKeyChanging?: boolean | undefined;
  readonly isValueChanging?: boolean | undefined;
  readonly isMerge?: boolean | undefined;
  /** Whether records with null keys go on to it: left joins. */
  readonly takesNullKeys?: boolean | undefined;
  /** Whether its table keeps versions; undefined where that follows from the nodes above. */
  readonly isVersioned?: boolean | undefined;
  /** The grace of the window defined here, in milliseconds. */
  readonly graceMs?: number | undefined;
  /** Told for each parent that keeps versions, by the parent's name. */
  readonly onVersionedParent?: ((parent: string) => void) | undefined;
}

/** What a node of the graph is made with. */
export interface GraphNodeOptions extends GraphFlags {
  readonly role?: GraphRole | undefined;
  /** Adds what the node stands for to a topology, below its parents. */
  readonly write: (topology: TopologyBuilder, parents: readonly string[]) => void;
}

/** A step of the program as it was written: a node of the graph that becomes a topology once it is optimised. */
export class GraphNode {
  readonly name: string;
  readonly parents = new Set<GraphNode>();
  readonly children = new Set<GraphNode>();
  readonly role: GraphRole;
  readonly options: GraphNodeOptions;
  /** The order in which nodes were declared; nodes are written in this order, parents first. */
  priority = 0;
  isWritten = false;

  constructor(name: string, options: GraphNodeOptions) {
    this.name = name;
    this.options = options;
    this.role = options.role ?? { is: "other" };
  }

  add(child: GraphNode): void {
    this.children.add(child);
    child.parents.add(this);
  }

  remove(child: GraphNode): void {
    this.children.delete(child);
    child.parents.delete(this);
  }

  /** The nearest node at or above this one that fits, each parent's line followed to its top before the next. */
  find(fits: (node: GraphNode) => boolean, asked = new Set<GraphNode>()): GraphNode | undefined {
    // Streams that part and merge again and again lead to their source on very many ways: each node is asked once.
    if (asked.has(this)) return undefined;
    asked.add(this);
    if (fits(this)) return this;
    for (const parent of this.parents) {
      const found = parent.find(fits, asked);
      if (found) return found;
    }
    return undefined;
  }
}

/** A node that stands for one operator. */
export function operatorNode(name: string, open: AnyOperator, flags: GraphFlags = {}): GraphNode {
  return new GraphNode(name, {
    ...flags,
    write: (topology, parents) => topology.addProcessor(name, open, parents),
  });
}
