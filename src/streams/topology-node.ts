import type { Deserializer, OffsetReset, Serializer } from "../client/index.ts";
import type { Message } from "./message.ts";
import type { AnyOperator } from "./node.ts";
import type { StoreBuilder } from "./stores/store-builder.ts";
import type { TimestampExtractor } from "./timestamp-extractor.ts";

/** Names the topic of each record of a sink, which must exist already. */
export type TopicExtractor<K, V> = (message: Message<K, V>) => string;

/**
 * Chooses the partitions of a record: one, several (KIP-837), none to drop it, or undefined to leave it to
 * the hash of the key.
 */
export type StreamPartitioner<K, V> = (
  value: V,
  key: K,
  topic: string,
  numPartitions: number,
) => number | readonly number[] | undefined;

/** Reads topics. */
export interface SourceNode {
  readonly kind: "source";
  readonly name: string;
  /** As the program names them: internal ones lack the application's id. Empty where there is a pattern. */
  readonly topics: readonly string[];
  readonly pattern: RegExp | undefined;
  readonly key: Deserializer<unknown>;
  readonly value: Deserializer<unknown>;
  readonly timestampExtractor: TimestampExtractor | undefined;
  readonly offsetReset: OffsetReset | undefined;
}

/** Does something with messages. */
export interface ProcessorNode {
  readonly kind: "processor";
  readonly name: string;
  readonly parents: readonly string[];
  readonly open: AnyOperator;
  /**
   * How long a call that the node waits for may take with all its tries, in milliseconds; undefined where it waits
   * for none.
   */
  readonly longestCallMs?: number | undefined;
}

/** Writes a topic. */
export interface SinkNode {
  readonly kind: "sink";
  readonly name: string;
  readonly parents: readonly string[];
  readonly topic: string | TopicExtractor<never, never>;
  readonly key: Serializer<never>;
  readonly value: Serializer<never>;
  readonly partitioner: StreamPartitioner<never, never> | undefined;
}

/** A node of a topology. */
export type TopologyNode = SourceNode | ProcessorNode | SinkNode;

/** A store of a topology, and who uses it. */
export interface StoreEntry {
  readonly builder: StoreBuilder;
  /** The nodes that are connected to it, in the order in which they were. */
  readonly users: readonly string[];
  /** Whether changes go to a changelog of its own; false where a source topic is the changelog. */
  readonly isLogged: boolean;
  /** The topic that its rows come from where that is a source topic: a global, read-only or optimised store. */
  readonly sourceTopic: string | undefined;
}

/** An internal topic that a topology repartitions through. */
export interface RepartitionTopic {
  /** Without the application's id. */
  readonly name: string;
  /** As asked for; undefined to follow the topics it comes from. */
  readonly numPartitions: number | undefined;
}
