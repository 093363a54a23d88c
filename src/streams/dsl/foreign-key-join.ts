import { bytes } from "../../client/index.ts";
import { MillraceError } from "../../errors.ts";
import { callback } from "../callback.ts";
import { GraphNode } from "../graph/graph-node.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import type { AnyOperator } from "../node.ts";
import { joinForeignTable } from "../operators/foreign-key/foreign-table-join.ts";
import type { ForeignKeySerdes } from "../operators/foreign-key/key-bytes.ts";
import { type Response, responseSerde } from "../operators/foreign-key/response.ts";
import { joinResponses } from "../operators/foreign-key/response-join.ts";
import { subscriptionSerde } from "../operators/foreign-key/subscription.ts";
import { joinSubscriptions } from "../operators/foreign-key/subscription-join.ts";
import { receiveSubscriptions } from "../operators/foreign-key/subscription-receive.ts";
import { sendSubscriptions } from "../operators/foreign-key/subscription-send.ts";
import type { ValueMapper } from "../operators/stateless.ts";
import type { TableJoiner } from "../operators/table-join.ts";
import { tableSource } from "../operators/table-source.ts";
import type { Serde } from "../serde.ts";
import { timestampedKeyValueStore } from "../stores/key-value-builders.ts";
import type { StreamPartitioner } from "../topology-node.ts";
import { KTable } from "./ktable.ts";
import { nameStore, tableStore } from "./materialized.ts";
import { checkSameBuilder } from "./place.ts";
import { needed } from "./repartition.ts";
import { SourceRows } from "./source-rows.ts";
import type { TableJoinOptions } from "./table-join.ts";

/** Options of joins of a table with another one whose keys its rows give. */
export type ForeignKeyJoinOptions<K, V, L, Out> = TableJoinOptions<K, Out> & {
  /** The key of the row of the other table that a row belongs to; null for none. */
  readonly foreignKey: ValueMapper<K, V, L | null>;
  /** Chooses the partition of this table's keys, where those are not partitioned by hash (KIP-775). */
  readonly partitioner?: StreamPartitioner<K, null> | undefined;
  /** The same for the other table. */
  readonly otherPartitioner?: StreamPartitioner<L, null> | undefined;
};

/**
 * Joins each row of a table with the row of another one whose key it gives (KIP-213, KIP-1104): it goes as a
 * subscription to the partition of that row, which answers now and with each of its changes
 * (`KTableImpl.doJoinOnForeignKey`).
 */
export function joinOnForeignKey<K, V, L, W, Out>(
  kind: "inner" | "left",
  left: KTable<K, V>,
  right: KTable<L, W>,
  joiner: TableJoiner<K, V | null, W | null, Out | null>,
  options: ForeignKeyJoinOptions<K, V, L, Out>,
): KTable<K, Out> {
  checkSameBuilder(left.place, right);
  callback(joiner, "a join");
  callback(options.foreignKey, "the option `foreignKey` of a join");
  const { graph } = left.place;
  right.rows.sendOldValues(true);
  left.rows.sendOldValues(true);
  const names = namesOf(graph, options.name);
  const join = { left, right, joiner, options, isLeft: kind === "left", names };
  const { resolve, sources } = addNodes(join, serdesOf(join));
  const result = names.result;
  const store = nameStore(graph, "KTABLE-FK-JOIN-OUTPUT-", options);
  const rows = new SourceRows<K, Out>(store);
  const node = new GraphNode(result, {
    isVersioned: options.versioned !== undefined,
    write(topology, parents) {
      topology.addProcessor(result, tableSource(rows), parents);
      if (rows.store === undefined) return;
      const { key, value } = table.place;
      const at = { graph, name: rows.store, operator: result };
      topology.addStore(tableStore(at, { ...options, key, value }), result);
    },
  });
  graph.add(node, resolve);
  const key = options.key ?? left.place.key;
  const { value } = options;
  const place = { graph, node, name: result, key, value, sources, needsRepartition: false };
  const table = new KTable(place, rows, store.name);
  return table;
}

type Names = ReturnType<typeof namesOf>;

interface ForeignKeyJoin<K, V, L, W, Out> {
  readonly left: KTable<K, V>;
  readonly right: KTable<L, W>;
  readonly joiner: TableJoiner<K, V | null, W | null, Out | null>;
  readonly options: ForeignKeyJoinOptions<K, V, L, Out>;
  readonly isLeft: boolean;
  readonly names: Names;
}

/** The names of all parts, in the order in which Kafka counts them. */
function namesOf(graph: StreamGraph, given: string | undefined) {
  const name = (prefix: string, suffix: string) =>
    graph.nodeName(prefix, given && `${given}${suffix}`);
  const registration = "KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-";
  const processor = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-";
  const resolver = "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-";
  return {
    topic: `${name(registration, "-subscription-registration")}-topic`,
    send: name(registration, "-subscription-registration-processor"),
    sink: name("KTABLE-SINK-", "-subscription-registration-sink"),
    source: name("KTABLE-SOURCE-", "-subscription-registration-source"),
    store: name("KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-", "-subscription-store"),
    receive: name(processor, "-subscription-receive"),
    join: name(processor, "-subscription-join-foreign"),
    foreign: name(processor, "-foreign-join-subscription"),
    response: {
      topic: `${name("KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-", "-subscription-response")}-topic`,
      sink: name("KTABLE-SINK-", "-subscription-response-sink"),
      source: name("KTABLE-SOURCE-", "-subscription-response-source"),
    },
    resolve: name(resolver, "-subscription-response-resolver"),
    result: name("KTABLE-FK-JOIN-OUTPUT-", "-result"),
  };
}

/** The serdes of a join, asked for when the topology is built, so that an error names the node. */
interface JoinSerdes<K, V, L, W> {
  readonly all: () => ForeignKeySerdes<K, V, L>;
  readonly response: () => Serde<Response<W>>;
}

function serdesOf<K, V, L, W, Out>({
  left,
  right,
  names,
}: ForeignKeyJoin<K, V, L, W, Out>): JoinSerdes<K, V, L, W> {
  const { topic, send, foreign } = names;
  return {
    all: () => ({
      primaryKey: needed(left.place.key, "keys", send),
      value: needed(left.place.value, "values", send),
      foreignKey: needed(right.place.key, "keys", foreign),
      topic,
    }),
    response: () => responseSerde(needed(right.place.value, "values", foreign)),
  };
}

/** Adds all nodes but the last one; gives its parent, and the sources of its sub-topology. */
function addNodes<K, V, L, W, Out>(
  { left, right, joiner, isLeft, names, options }: ForeignKeyJoin<K, V, L, W, Out>,
  { all, response }: JoinSerdes<K, V, L, W>,
): { readonly resolve: GraphNode; readonly sources: ReadonlySet<string> } {
  const { graph, node: leftNode } = left.place;
  const store = subscriptionStore(names.store, graph);
  const leftTerms = { followsVersions: false };
  const rightTerms = { followsVersions: false };
  const { foreignKey: foreignKeyOf, partitioner, otherPartitioner } = options;
  const send = addOperator(graph, leftNode, names.send, {
    open: () => sendSubscriptions({ foreignKeyOf, isLeft, serdes: all(), terms: leftTerms }),
    terms: leftTerms,
  });
  const subscriptions = addTopic(graph, [send], {
    names,
    serdes: () => ({ key: all().foreignKey, value: subscriptionSerde }),
    partitioner: otherPartitioner && single(otherPartitioner),
  });
  graph.copartition(new Set([...right.place.sources, subscriptions.name]));
  const receive = addOperator(graph, subscriptions, names.receive, {
    open: () => receiveSubscriptions(all(), names.store),
    store,
  });
  const join = addOperator(graph, receive, names.join, {
    open: () => joinSubscriptions(right.rows, all().primaryKey),
    reads: right.rows.storeNames(),
  });
  const foreign = addOperator(graph, right.place.node, names.foreign, {
    open: () => joinForeignTable(all(), names.store, rightTerms),
    store,
    terms: rightTerms,
  });
  const responses = addTopic(graph, [join, foreign], {
    names: names.response,
    serdes: () => ({ key: all().primaryKey, value: response() }),
    partitioner: partitioner ? single(partitioner) : toPrimaryPartition,
  });
  const sources = new Set([...left.place.sources, responses.name]);
  graph.copartition(sources);
  const leftRows = left.rows;
  const resolve = addOperator(graph, responses, names.resolve, {
    open: () => joinResponses({ leftRows, joiner, isLeft, serdes: all() }),
    reads: leftRows.storeNames(),
  });
  return { resolve, sources };
}

/** The subscriptions of left rows; its changelog bears the headers of the records that they came with. */
function subscriptionStore(name: string, { defaults }: StreamGraph) {
  return timestampedKeyValueStore(name, {
    key: bytes,
    value: subscriptionSerde,
    storeType: defaults.storeType,
    logsHeaders: true,
  });
}

/** Told by the graph whether the table above keeps versions. */
interface VersionTerms {
  followsVersions: boolean;
}

/** What the node of an operator is made with: the operator is made when the topology is built. */
interface OperatorNode {
  readonly open: () => AnyOperator;
  /** A store that it writes. */
  readonly store?: ReturnType<typeof subscriptionStore> | undefined;
  /** Stores of tables that it reads. */
  readonly reads?: readonly string[] | undefined;
  readonly terms?: VersionTerms | undefined;
}

function addOperator(
  graph: StreamGraph,
  parent: GraphNode,
  name: string,
  { open, store, reads = [], terms }: OperatorNode,
): GraphNode {
  const followVersions =
    terms &&
    (() => {
      terms.followsVersions = true;
    });
  const node = new GraphNode(name, {
    onVersionedParent: followVersions,
    write(topology, parents) {
      topology.addProcessor(name, open(), parents);
      if (store) topology.addStore(store, name);
      topology.connect(name, ...reads);
    },
  });
  return graph.add(node, parent);
}

/** Adds an internal topic between nodes and what comes behind it: a sink and a source, which is given back. */
function addTopic<K, V>(
  graph: StreamGraph,
  parents: readonly GraphNode[],
  {
    names: { topic, sink, source },
    serdes,
    partitioner,
  }: {
    readonly names: { readonly topic: string; readonly sink: string; readonly source: string };
    readonly serdes: () => { readonly key: Serde<K>; readonly value: Serde<V> };
    readonly partitioner: StreamPartitioner<K, V> | undefined;
  },
): GraphNode {
  const sinkNode = new GraphNode(sink, {
    write: (topology, names) =>
      topology.addSink({
        name: sink,
        topic,
        ...serdes(),
        partitioner,
        parents: names,
      }),
  });
  const sourceNode = new GraphNode(source, {
    write(topology) {
      topology.addRepartitionTopic({ name: topic, numPartitions: undefined });
      topology.addSource({ name: source, topics: [topic], ...serdes() });
    },
  });
  graph.add(sinkNode, ...parents);
  return graph.add(sourceNode, sinkNode);
}

const toPrimaryPartition: StreamPartitioner<unknown, Response<unknown>> = ({ primaryPartition }) =>
  primaryPartition;

/** A partitioner as the user gave it, which sees no values and must choose one partition. */
function single<K>(partitioner: StreamPartitioner<K, null>): StreamPartitioner<K, unknown> {
  return (_value, key, topic, numPartitions) => {
    const chosen = partitioner(null, key, topic, numPartitions);
    if (typeof chosen !== "object" || chosen.length === 1) return chosen;
    const message = `the partitioner of a foreign-key join chose ${chosen.length} partitions of ${topic}: it must choose one`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  };
}
