import type { Deserializer, OffsetReset, Serializer } from "../client/index.ts";
import { MillraceError, TopologyError } from "../errors.ts";
import { checkName } from "./name.ts";
import type { AnyOperator } from "./node.ts";
import { NodeGroups } from "./node-groups.ts";
import { checkOffsetReset } from "./offset-reset.ts";
import { type ProcessorWrapper, wrapOperator } from "./processor-wrapper.ts";
import { checkFormats } from "./serde-check.ts";
import type { StoreBuilder } from "./stores/store-builder.ts";
import type { TimestampExtractor } from "./timestamp-extractor.ts";
import type {
  ProcessorNode,
  RepartitionTopic,
  StoreEntry,
  StreamPartitioner,
  TopicExtractor,
  TopologyNode,
} from "./topology-node.ts";

/** A source as it is added. */
export interface SourceDeclaration {
  readonly name: string;
  readonly topics: readonly string[] | RegExp;
  readonly key: Deserializer<unknown>;
  readonly value: Deserializer<unknown>;
  readonly timestampExtractor?: TimestampExtractor<never, never> | undefined;
  readonly offsetReset?: OffsetReset | undefined;
}

/** A sink as it is added. */
export interface SinkDeclaration {
  readonly name: string;
  readonly topic: string | TopicExtractor<never, never>;
  readonly key: Serializer<never>;
  readonly value: Serializer<never>;
  readonly partitioner?: StreamPartitioner<never, never> | undefined;
  readonly parents: readonly string[];
}

/** A global store as it is added: one topic, read by one processor into one store. */
export interface GlobalStoreDeclaration {
  readonly source: SourceDeclaration & { readonly topics: readonly [string] };
  readonly processor: {
    readonly name: string;
    readonly open: AnyOperator;
  };
  readonly store: StoreBuilder;
  /** Whether records are processed again when the store is restored, rather than put as they are. */
  readonly reprocessOnRestore: boolean;
}

/** What a topology can be begun with. */
export interface TopologyOptions {
  /** Put around every processor (KIP-1112); none by default. */
  readonly processorWrapper?: ProcessorWrapper | undefined;
}

interface StoreDraft {
  builder: StoreBuilder;
  readonly users: string[];
  isLogged: boolean;
  sourceTopic: string | undefined;
}

/**
 * Gathers nodes, stores and internal topics into a topology and checks each as it comes, as Kafka's
 * `InternalTopologyBuilder` does. Nodes stay in the order in which they were added: parents first.
 */
export class TopologyBuilder {
  readonly #nodes = new Map<string, TopologyNode>();
  readonly #groups = new NodeGroups();
  readonly #stores = new Map<string, StoreDraft>();
  readonly #globalStores = new Map<string, StoreDraft>();
  readonly #reprocessed = new Set<string>();
  /** Stores by node, in the order in which they were connected. */
  readonly #storesOf = new Map<string, string[]>();
  readonly #sourceTopics = new Set<string>();
  readonly #globalTopics = new Set<string>();
  readonly #repartitionTopics = new Map<string, RepartitionTopic>();
  readonly #copartitioned: Set<string>[] = [];
  readonly #wrap: ProcessorWrapper | undefined;

  constructor({ processorWrapper }: TopologyOptions = {}) {
    this.#wrap = processorWrapper;
  }

  get nodes(): ReadonlyMap<string, TopologyNode> {
    return this.#nodes;
  }

  get stores(): ReadonlyMap<string, StoreEntry> {
    return this.#stores;
  }

  get globalStores(): ReadonlyMap<string, StoreEntry> {
    return this.#globalStores;
  }

  get repartitionTopics(): ReadonlyMap<string, RepartitionTopic> {
    return this.#repartitionTopics;
  }

  /** Names of sources whose topics must have as many partitions as one another. */
  get copartitioned(): readonly ReadonlySet<string>[] {
    return this.#copartitioned;
  }

  /** Whether a global store's records are processed again when it is restored. */
  isReprocessed(store: string): boolean {
    return this.#reprocessed.has(store);
  }

  storesOf(node: string): readonly string[] {
    return this.#storesOf.get(node) ?? [];
  }

  isGlobalTopic(topic: string): boolean {
    return this.#globalTopics.has(topic);
  }

  addSource(declaration: SourceDeclaration): void {
    const { name, topics, key, value, offsetReset } = declaration;
    const timestampExtractor = declaration.timestampExtractor as TimestampExtractor | undefined;
    this.#checkFree(name);
    checkOffsetReset(offsetReset, `offsetReset of ${name}`);
    const pattern = topics instanceof RegExp ? topics : undefined;
    const names = topics instanceof RegExp ? [] : [...topics];
    if (pattern) this.#checkPattern(pattern);
    else if (names.length === 0) refuse(`the source ${name} names no topic`);
    checkFormats(declaration, ["deserialize"], `the source ${name} of ${topics}`);
    for (const topic of names) {
      checkName(topic, "the topic");
      this.#checkTopicFree(topic);
      this.#sourceTopics.add(topic);
    }
    const node = { name, topics: names, pattern, key, value, timestampExtractor, offsetReset };
    this.#nodes.set(name, { kind: "source", ...node });
    this.#groups.add(name);
  }

  addProcessor(
    name: string,
    open: AnyOperator,
    parents: readonly string[],
    { longestCallMs }: Pick<ProcessorNode, "longestCallMs"> = {},
  ): void {
    this.#checkFree(name);
    this.#checkParents(name, parents);
    const wrapped = this.#wrap && wrapOperator(this.#wrap, name, open);
    const node = { name, parents: [...parents], open: wrapped?.open ?? open, longestCallMs };
    this.#add({ kind: "processor", ...node });
    this.connect(name, ...(wrapped?.stores ?? []));
  }

  addSink({ name, topic, key, value, partitioner, parents }: SinkDeclaration): void {
    this.#checkFree(name);
    this.#checkParents(name, parents);
    if (typeof topic !== "function") checkName(topic ?? "", "the topic");
    checkFormats({ key, value }, ["serialize"], `the sink ${name}`);
    this.#add({ kind: "sink", name, parents: [...parents], topic, key, value, partitioner });
  }

  /** Adds a store and connects nodes to it. The same builder may come again; another one of that name may not. */
  addStore(builder: StoreBuilder, ...users: readonly string[]): void {
    const { name } = builder;
    const known = this.#stores.get(name);
    if ((known && known.builder !== builder) || this.#globalStores.has(name)) {
      const message = `there is another store ${name} already: each store needs a name of its own`;
      throw new TopologyError("NAME_TAKEN", message);
    }
    if (!known) this.#stores.set(name, draft(builder));
    for (const user of users) this.#use(user, name);
  }

  addGlobalStore({ source, processor, store, reprocessOnRestore }: GlobalStoreDeclaration): void {
    const [topic] = source.topics;
    this.#checkFree(source.name);
    this.#checkTopicFree(topic);
    this.#checkFree(processor.name);
    if (source.name === processor.name) {
      refuse(`the source and the processor of the global store ${store.name} have one name`);
    }
    if (this.#stores.has(store.name) || this.#globalStores.has(store.name)) {
      throw new TopologyError("NAME_TAKEN", `there is another store ${store.name} already`);
    }
    this.addSource(source);
    this.#sourceTopics.delete(topic);
    this.#globalTopics.add(topic);
    this.#add({ kind: "processor", ...processor, parents: [source.name] });
    this.#storesOf.set(processor.name, [store.name]);
    this.#globalStores.set(store.name, {
      builder: store,
      users: [processor.name],
      isLogged: false,
      sourceTopic: topic,
    });
    if (reprocessOnRestore) this.#reprocessed.add(store.name);
  }

  /** Lets a node use stores, by name or to be added; nodes that share one are in the same sub-topology. */
  connect(node: string, ...stores: readonly (string | StoreBuilder)[]): void {
    for (const store of stores) {
      if (typeof store === "string") this.#use(node, store);
      else this.addStore(store, node);
    }
  }

  /** Makes a source topic the changelog of a store, so that it needs none of its own. */
  reuseSourceTopic(store: string, topic: string): void {
    const entry = this.#stores.get(store);
    if (!entry) throw new TopologyError("UNKNOWN_STORE", `the store ${store} was not added`);
    if (entry.sourceTopic !== undefined) refuse(`the store ${store} has a source topic already`);
    entry.sourceTopic = topic;
    entry.isLogged = false;
  }

  addRepartitionTopic(topic: RepartitionTopic): void {
    this.#repartitionTopics.set(topic.name, topic);
  }

  /** Demands that the topics of these sources have as many partitions as one another. */
  copartition(sources: Iterable<string>): void {
    this.#copartitioned.push(new Set(sources));
  }

  /** Puts one source in place of another in all demands of {@link copartition}. */
  replaceCopartitioned(replaced: string, by: string): void {
    for (const group of this.#copartitioned) {
      if (group.delete(replaced)) group.add(by);
    }
  }

  /** Throws NOT_COPARTITIONED where repartition topics with fixed numbers of partitions contradict one another. */
  checkCopartition(): void {
    for (const sources of this.#copartitioned) {
      const topics = [...sources].flatMap((name) => {
        const node = this.#nodes.get(name);
        return node?.kind === "source" ? node.topics : [];
      });
      const fixed = topics.map((topic) => this.#repartitionTopics.get(topic)?.numPartitions);
      if (fixed.length === 0 || fixed.includes(undefined)) continue;
      if (new Set(fixed).size > 1) {
        const counts = topics.map((topic, index) => `${topic} ${fixed[index]}`).join(", ");
        const message = `topics that are joined need the same number of partitions: ${counts}`;
        throw new TopologyError("NOT_COPARTITIONED", message);
      }
    }
  }

  /** The sub-topologies: names of nodes by group, in the order of their first nodes; global ones are among them. */
  groups(): string[][] {
    const byRoot = new Map<string, string[]>();
    for (const name of this.#nodes.keys()) {
      const root = this.#groups.root(name);
      const group = byRoot.get(root);
      if (group) group.push(name);
      else byRoot.set(root, [name]);
    }
    return [...byRoot.values()];
  }

  #use(node: string, name: string): void {
    const user = this.#nodes.get(node);
    if (this.#globalStores.has(name)) {
      refuse(`the global store ${name} is there for every node: ${node} need not be connected`);
    }
    const store = this.#stores.get(name);
    if (!store) {
      const message = `${node} is to use the store ${name}, which was not added`;
      throw new TopologyError("UNKNOWN_STORE", message);
    }
    if (!user) {
      const message = `the store ${name} is to be used by ${node}, which was not added`;
      throw new TopologyError("UNKNOWN_NODE", message);
    }
    if (user.kind !== "processor") refuse(`${node} is a ${user.kind}, which has no stores`);
    const [first] = store.users;
    if (first !== undefined) this.#groups.unite(first, node);
    if (!store.users.includes(node)) store.users.push(node);
    const connected = this.#storesOf.get(node) ?? [];
    if (!connected.includes(name)) connected.push(name);
    this.#storesOf.set(node, connected);
  }

  #add(node: Exclude<TopologyNode, { kind: "source" }>): void {
    this.#nodes.set(node.name, node);
    this.#groups.add(node.name);
    this.#groups.unite(node.name, ...node.parents);
  }

  #checkFree(name: string): void {
    if (!this.#nodes.has(name)) return;
    throw new TopologyError(
      "NAME_TAKEN",
      `there is another node ${name} already: give one of them another name`,
    );
  }

  #checkParents(name: string, parents: readonly string[]): void {
    if (!Array.isArray(parents) || parents.length === 0) {
      refuse(`${name} has no parents: name at least one, in a list`);
    }
    for (const parent of parents) {
      const node = this.#nodes.get(parent);
      if (!node) {
        const reason = parent === name ? "is itself" : "was not added";
        throw new TopologyError("UNKNOWN_NODE", `the parent ${parent} of ${name} ${reason}`);
      }
      if (node.kind === "sink") refuse(`${name} cannot follow ${parent}, which is a sink`);
    }
  }

  #checkTopicFree(topic: string): void {
    if (this.#sourceTopics.has(topic) || this.#globalTopics.has(topic)) {
      const message = `the topic ${topic} has a source already: use the stream or table that there is`;
      throw new TopologyError("NAME_TAKEN", message);
    }
    for (const { pattern } of this.#sources()) {
      if (!pattern || !matchesWhole(pattern, topic)) continue;
      throw new TopologyError(
        "NAME_TAKEN",
        `the topic ${topic} is read through ${pattern} already`,
      );
    }
  }

  #checkPattern(pattern: RegExp): void {
    for (const topic of this.#sourceTopics) {
      if (!matchesWhole(pattern, topic)) continue;
      throw new TopologyError(
        "NAME_TAKEN",
        `${pattern} matches ${topic}, which has a source already`,
      );
    }
  }

  #sources() {
    return [...this.#nodes.values()].filter((node) => node.kind === "source");
  }
}

/** What a topology was built with. Throws INVALID_ARGUMENT where something else was given, such as a `StreamsBuilder`. */
export function builderOf(topology: { readonly builder: TopologyBuilder }): TopologyBuilder {
  if (topology?.builder instanceof TopologyBuilder) return topology.builder;
  const message = "a Topology is needed: what StreamsBuilder.build() gives, or one of your own";
  throw new MillraceError("INVALID_ARGUMENT", message);
}

/** Whether a pattern matches the whole of a topic's name, as Java's `matches` does. */
export function matchesWhole(pattern: RegExp, topic: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, "")).test(topic);
}

function draft(builder: StoreBuilder): StoreDraft {
  return { builder, users: [], isLogged: builder.isLogged, sourceTopic: undefined };
}

function refuse(message: string): never {
  throw new TopologyError("INVALID_TOPOLOGY", message);
}
