import { int64Max } from "../../protocol/index.ts";
import { hashOrder } from "../java-order.ts";
import type { StoreKind } from "../stores/store-builder.ts";
import type { TopologyBuilder } from "../topology-builder.ts";
import type { SourceNode, StoreEntry, TopologyNode } from "../topology-node.ts";

/** An internal topic as it has to be in the cluster. */
export interface InternalTopic {
  readonly name: string;
  /** As asked for; undefined to follow from the topics that feed the sub-topology. */
  readonly numPartitions: number | undefined;
  readonly configs: ReadonlyMap<string, string>;
  /** Those of `configs` that the application's settings for all internal topics do not replace. */
  readonly ownConfigs: ReadonlyMap<string, string>;
}

/** A part of the topology that shares no node and no store with the others: what tasks are made of. */
export interface Subtopology {
  readonly id: number;
  /** Parents before children. */
  readonly nodes: readonly TopologyNode[];
  /** Stores in the order in which they are opened and flushed. */
  readonly stores: readonly StoreEntry[];
  /** Topics by their full names. */
  readonly sourceTopics: readonly string[];
  readonly sinkTopics: readonly string[];
  readonly repartitionTopics: readonly InternalTopic[];
  readonly changelogTopics: readonly InternalTopic[];
}

const dayMs = 86_400_000;
/** `Long.MAX_VALUE`: for ever, as the rows of unlimited windows are kept. */
const longestRetention = "9223372036854775807";
/** `windowstore.changelog.additional.retention.ms`, by default. */
const additionalRetentionMs = dayMs;

/** A topology as one application runs it: names of internal topics, sub-topologies, what each needs. */
export class TopologyPlan {
  readonly applicationId: string;
  readonly builder: TopologyBuilder;
  readonly #additionalRetentionMs: number;

  constructor(
    builder: TopologyBuilder,
    applicationId: string,
    { additionalRetention = additionalRetentionMs }: { readonly additionalRetention?: number } = {},
  ) {
    this.builder = builder;
    this.applicationId = applicationId;
    this.#additionalRetentionMs = additionalRetention;
  }

  /** The name of a topic in the cluster: repartition topics begin with the application's id. */
  topicName(topic: string): string {
    return this.builder.repartitionTopics.has(topic) ? `${this.applicationId}-${topic}` : topic;
  }

  /** The topic that a store is restored from; undefined where it is not logged. */
  changelogOf({ builder, isLogged, sourceTopic }: StoreEntry): string | undefined {
    if (sourceTopic !== undefined) return this.topicName(sourceTopic);
    return isLogged ? `${this.applicationId}-${builder.name}-changelog` : undefined;
  }

  /** All sub-topologies that tasks are made for. */
  subtopologies(): Subtopology[] {
    return [...this.builder.groups().entries()].flatMap(([id, names]) => {
      const isGlobal = names.some((name) => this.#isGlobalSource(name));
      return isGlobal ? [] : [this.#subtopology(id, names)];
    });
  }

  /** Everything but global stores as one: what a test driver runs. */
  whole(): Subtopology {
    const names = this.builder.groups().filter((group) => {
      return !group.some((name) => this.#isGlobalSource(name));
    });
    const all = new Set(names.flat());
    return this.#subtopology(
      0,
      [...this.builder.nodes.keys()].filter((name) => all.has(name)),
    );
  }

  /** The nodes of global stores: each a source and the processor below it. */
  globalNodes(): TopologyNode[] {
    const groups = this.builder.groups().filter((group) => {
      return group.some((name) => this.#isGlobalSource(name));
    });
    const all = new Set(groups.flat());
    return [...this.builder.nodes.values()].filter(({ name }) => all.has(name));
  }

  #isGlobalSource(name: string): boolean {
    const node = this.builder.nodes.get(name);
    return (
      node?.kind === "source" && node.topics.some((topic) => this.builder.isGlobalTopic(topic))
    );
  }

  #subtopology(id: number, names: readonly string[]): Subtopology {
    const nodes = names.map((name) => this.builder.nodes.get(name) as TopologyNode);
    const stores = this.#storesOf(names);
    const sources = nodes.filter((node): node is SourceNode => node.kind === "source");
    const sourceTopics = sources.flatMap(({ topics }) => topics);
    const sinkTopics = nodes.flatMap((node) =>
      node.kind === "sink" && typeof node.topic === "string" ? [node.topic] : [],
    );
    return {
      id,
      nodes,
      stores,
      sourceTopics: sourceTopics.map((topic) => this.topicName(topic)),
      sinkTopics: sinkTopics.map((topic) => this.topicName(topic)),
      repartitionTopics: sourceTopics.flatMap((topic) => this.#repartitionTopic(topic)),
      changelogTopics: stores.flatMap((store) => this.#changelogTopic(store)),
    };
  }

  /** Stores in the order in which Kafka Streams opens them: by node, and for each node by hash. */
  #storesOf(names: readonly string[]): StoreEntry[] {
    const all = names.flatMap((name) => hashOrder(this.builder.storesOf(name)));
    return [...new Set(all)].flatMap((name) => this.builder.stores.get(name) ?? []);
  }

  #repartitionTopic(topic: string): InternalTopic[] {
    const declared = this.builder.repartitionTopics.get(topic);
    if (!declared) return [];
    const configs = new Map([
      ["message.timestamp.type", "CreateTime"],
      ["cleanup.policy", "delete"],
      ["segment.bytes", "52428800"],
      ["retention.ms", "-1"],
    ]);
    const { numPartitions } = declared;
    return [{ name: this.topicName(topic), numPartitions, configs, ownConfigs: new Map() }];
  }

  #changelogTopic(entry: StoreEntry): InternalTopic[] {
    const { builder, isLogged, sourceTopic } = entry;
    if (!isLogged || sourceTopic !== undefined) return [];
    const ofKind = this.#configsOfKind(builder.kind, entry);
    const isDerived = ([name]: readonly [string, string]) => name !== "cleanup.policy";
    const ownConfigs = new Map([...ofKind.filter(isDerived), ...builder.changelogConfigs]);
    const configs = new Map([["message.timestamp.type", "CreateTime"], ...ofKind, ...ownConfigs]);
    const name = this.changelogOf(entry) as string;
    return [{ name, numPartitions: undefined, configs, ownConfigs }];
  }

  #configsOfKind(kind: StoreKind, { builder }: StoreEntry): [string, string][] {
    switch (kind) {
      case "window":
      case "timestamped-window":
      case "session": {
        const retention = (builder.retentionMs ?? 0) + this.#additionalRetentionMs;
        return [
          ["cleanup.policy", "compact,delete"],
          ["retention.ms", retention < int64Max ? `${retention}` : longestRetention],
        ];
      }
      case "versioned-key-value": {
        const lag = (builder.historyRetentionMs ?? 0) + dayMs;
        return [
          ["cleanup.policy", "compact"],
          ["min.compaction.lag.ms", `${lag}`],
        ];
      }
      case "key-value":
      case "timestamped-key-value":
      case "list-value":
      case "suppress-buffer":
        return [["cleanup.policy", "compact"]];
      default:
        return kind satisfies never;
    }
  }
}
