import { TopologyError } from "../../errors.ts";
import { checkName } from "../name.ts";
import type { Serde } from "../serde.ts";
import type { StoreType } from "../stores/builder-options.ts";
import { TopologyBuilder, type TopologyOptions } from "../topology-builder.ts";
import { GraphNode } from "./graph-node.ts";
import { mergeRepartitions, type RepartitionsByCause } from "./repartition-merge.ts";
import { joinWithSelf } from "./self-join.ts";
import { mergeSources } from "./source-merge.ts";

/** The optimisations of `topology.optimization`. */
export type Optimization =
  | "reuse.ktable.source.topics"
  | "merge.repartition.topics"
  | "single.store.self.join";

/** What is done where an operator says nothing else. */
export interface GraphDefaults extends TopologyOptions {
  /** What keys and values are taken for: `default.key.serde` and `default.value.serde`. */
  readonly key?: Serde<unknown> | undefined;
  readonly value?: Serde<unknown> | undefined;
  /** Where tables and joins keep their rows: `default.dsl.store`. */
  readonly storeType?: StoreType | undefined;
  /** What rows keep beside the value: `dsl.store.format`. */
  readonly storeFormat?: StoreFormat | undefined;
}

/** What the rows of tables keep beside their values: a time, or a time and the headers of a record (KIP-1285). */
export type StoreFormat = "timestamped" | "headers";

/**
 * The graph that a `StreamsBuilder` and its streams and tables grow, and the one counter that names
 * nodes and stores (`InternalStreamsBuilder`). Building optimises it and writes it to a topology.
 */
export class StreamGraph {
  readonly defaults: GraphDefaults;
  readonly #root = new GraphNode("root", { write: () => {} });
  readonly #repartitionsByCause: RepartitionsByCause = new Map();
  readonly #merges = new Set<GraphNode>();
  readonly #nodes = new Set<GraphNode>();
  readonly #copartitioned: ReadonlySet<string>[] = [];
  readonly #unnamed = new Set<string>();
  #index = 0;
  #priority = 0;
  #built: TopologyBuilder | undefined;

  constructor(defaults: GraphDefaults = {}) {
    this.defaults = defaults;
  }

  /** A name for a node; the counter goes on also where `given` is taken, as it does in Kafka. Throws INVALID_NAME. */
  nodeName(prefix: string, given?: string | undefined): string {
    const generated = `${prefix}${this.#next()}`;
    return checkName(given) ?? generated;
  }

  /** A name for a store that was given none. */
  storeName(prefix: string): string {
    return `${prefix}STATE-STORE-${this.#next()}`;
  }

  /** Notes a store or internal topic that has a generated name, for `ensure.explicit.internal.resource.naming`. */
  noteUnnamed(resource: string): void {
    this.#unnamed.add(resource);
  }

  /** Adds a node below others; below none it is a beginning. */
  add(node: GraphNode, ...parents: readonly GraphNode[]): GraphNode {
    for (const parent of parents.length > 0 ? parents : [this.#root]) {
      parent.add(node);
      this.#note(node);
    }
    return node;
  }

  /** Demands as many partitions for the topics of these sources as for one another. */
  copartition(sources: ReadonlySet<string>): void {
    this.#copartitioned.push(sources);
  }

  /** The graph as a topology; nothing can be added afterwards. */
  build(
    optimizations: ReadonlySet<Optimization> = new Set(),
    { requiresNames = false }: { readonly requiresNames?: boolean | undefined } = {},
  ): TopologyBuilder {
    this.#built ??= this.#write(optimizations, requiresNames);
    return this.#built;
  }

  #write(optimizations: ReadonlySet<Optimization>, requiresNames: boolean): TopologyBuilder {
    const topology = new TopologyBuilder(this.defaults);
    for (const sources of this.#copartitioned) topology.copartition(sources);
    mergeSources(this.#root);
    if (optimizations.has("reuse.ktable.source.topics")) this.#reuseTableTopics();
    if (optimizations.has("merge.repartition.topics")) {
      mergeRepartitions(this.#repartitionsByCause, this.#merges, topology);
    }
    if (optimizations.has("single.store.self.join")) joinWithSelf(this.#root);
    dropUselessNullKeys(this.#root);
    this.#tellVersions();
    this.#writeNodes(topology);
    topology.checkCopartition();
    if (requiresNames && this.#unnamed.size > 0) {
      const names = [...this.#unnamed].join(", ");
      const message = `explicit names are required, and these stores and topics have none: ${names}; give their operators a \`name\`, and tables and joins a \`store\``;
      throw new TopologyError("UNNAMED", message);
    }
    return topology;
  }

  /** Writes the nodes by their priority, each once all of its parents have been. */
  #writeNodes(topology: TopologyBuilder): void {
    const queue: GraphNode[] = [this.#root];
    while (queue.length > 0) {
      const least = queue.reduce((best, node) => (node.priority < best.priority ? node : best));
      queue.splice(queue.indexOf(least), 1);
      const parents = [...least.parents];
      // One that is not ready comes again below the last of its parents.
      if (least.isWritten || parents.some(({ isWritten }) => !isWritten)) continue;
      const names = parents.map(({ name }) => name);
      least.options.write(topology, names);
      least.isWritten = true;
      queue.push(...least.children);
    }
  }

  #next(): string {
    const index = this.#index;
    this.#index += 1;
    return `${index}`.padStart(10, "0");
  }

  #note(node: GraphNode): void {
    if (this.#built) {
      throw new TopologyError("INVALID_TOPOLOGY", "the topology is built: nothing can be added");
    }
    node.priority = this.#priority;
    this.#priority += 1;
    this.#nodes.add(node);
    if (node.options.isKeyChanging) {
      this.#repartitionsByCause.set(node, new Set());
    } else if (node.role.is === "repartition" && node.role.isOptimizable) {
      const cause = causeOf(node);
      if (cause) this.#repartitionsByCause.get(cause)?.add(node);
    } else if (node.options.isMerge) {
      this.#merges.add(node);
    }
  }

  #reuseTableTopics(): void {
    for (const { role } of this.#nodes) if (role.is === "table-source") role.reusesTopic = true;
  }

  #tellVersions(): void {
    for (const node of this.#nodes) {
      if (node.role.is === "suppress" && this.#isFedByVersions(node)) {
        const message = `${node.name} cannot suppress: the table above it keeps versions`;
        throw new TopologyError("INVALID_TOPOLOGY", message);
      }
      const tell = node.options.onVersionedParent;
      if (!tell) continue;
      for (const parent of node.parents) if (this.#isVersioned(parent)) tell(parent.name);
    }
  }

  #isVersioned(node: GraphNode): boolean {
    return node.options.isVersioned ?? this.#isFedByVersions(node);
  }

  #isFedByVersions(node: GraphNode): boolean {
    if (node === this.#root) return false;
    return [...node.parents].every((parent) => this.#isVersioned(parent));
  }
}

/** The key-changing node that a repartition is there for, if nothing between them changes values. */
function causeOf(node: GraphNode): GraphNode | undefined {
  const keyChanger = node.find(({ options }) => options.isKeyChanging === true);
  const changer = node.find(
    ({ options }) => options.isKeyChanging === true || options.isValueChanging === true,
  );
  return changer === keyChanger ? keyChanger : undefined;
}

/** Lets repartitions drop null keys, except above joins that want them. */
function dropUselessNullKeys(root: GraphNode): void {
  const visited = new Set<GraphNode>();
  const takesNullKeys = new Set<GraphNode>();
  const visit = (node: GraphNode) => {
    if (visited.has(node)) return;
    for (const child of node.children) {
      visit(child);
      if (child.options.takesNullKeys || takesNullKeys.has(child)) takesNullKeys.add(node);
    }
    visited.add(node);
  };
  visit(root);
  for (const node of visited) {
    if (node.role.is === "repartition") node.role.dropsNullKeys = !takesNullKeys.has(node);
  }
}
