import { TopologyError } from "../../errors.ts";
import { GraphNode, type GraphRole } from "../graph/graph-node.ts";
import type { StreamGraph } from "../graph/stream-graph.ts";
import type { AnyOperator } from "../node.ts";
import { passThrough } from "../operators/stateless.ts";
import type { Serde } from "../serde.ts";
import { checkSerde } from "../serde-check.ts";
import { failOnInvalidTimestamp } from "../timestamp-extractor.ts";
import type { StreamPartitioner } from "../topology-node.ts";

/** A repartition topic and the three nodes around it. */
export interface Repartition<K, V> {
  readonly graph: StreamGraph;
  /** What the topic's name begins with. */
  readonly prefix: string;
  readonly isNamed: boolean;
  readonly key: Serde<K> | undefined;
  readonly value: Serde<V> | undefined;
  readonly partitioner?: StreamPartitioner<K, V> | undefined;
  readonly numPartitions?: number | undefined;
  /** Whether `merge.repartition.topics` may put it together with others: not where the user asked for it. */
  readonly isOptimizable: boolean;
}

const suffix = "-repartition";

/** Makes the graph's node of a repartition; its name is that of the source behind the topic. */
export function repartitionNode<K, V>(repartition: Repartition<K, V>): GraphNode {
  const { graph, prefix, isNamed, isOptimizable, numPartitions } = repartition;
  const topic = prefix.endsWith(suffix) ? prefix : `${prefix}${suffix}`;
  if (!isNamed) graph.noteUnnamed(topic);
  // The counter goes on by three whatever the names, as in Kafka.
  const generated = {
    sink: graph.nodeName("KSTREAM-SINK-"),
    filter: graph.nodeName("KSTREAM-FILTER-"),
    source: graph.nodeName("KSTREAM-SOURCE-"),
  };
  const isGenerated = /^KSTREAM.*-[0-9]{10}$/.test(prefix);
  const names = isGenerated
    ? generated
    : { sink: `${topic}-sink`, filter: `${topic}-filter`, source: `${topic}-source` };
  const role: GraphRole & { is: "repartition" } = {
    is: "repartition",
    isOptimizable,
    dropsNullKeys: false,
    again: (others) => {
      const all = [repartition, ...others] as readonly Repartition<K, V>[];
      const key = all.find((one) => one.key)?.key;
      const value = all.find((one) => one.value)?.value;
      return repartitionNode({ ...repartition, prefix: topic, isNamed: true, key, value });
    },
    repartition,
  };
  return new GraphNode(names.source, {
    role,
    write(topology, parents) {
      const key = needed(repartition.key, "keys", topic);
      const value = needed(repartition.value, "values", topic);
      const { partitioner } = repartition;
      topology.addRepartitionTopic({ name: topic, numPartitions });
      topology.addProcessor(
        names.filter,
        role.dropsNullKeys ? dropNullKeys : passThrough(),
        parents,
      );
      const sink = { name: names.sink, parents: [names.filter] };
      topology.addSink({ ...sink, topic, key, value, partitioner });
      const timestampExtractor = failOnInvalidTimestamp;
      topology.addSource({ name: names.source, topics: [topic], key, value, timestampExtractor });
    },
  });
}

/** Throws INVALID_TOPOLOGY where a topic cannot have so many partitions; undefined is none of the program's choice. */
export function checkPartitions(numPartitions: number | undefined): void {
  if (numPartitions === undefined) return;
  if (Number.isSafeInteger(numPartitions) && numPartitions > 0) return;
  const message = `numPartitions of a repartition is ${numPartitions}: it must be a whole number, 1 at least`;
  throw new TopologyError("INVALID_TOPOLOGY", message);
}

/** Gives the serde, or what can write at least; throws MISSING_SERDE, naming the operator, where there is none. */
export function needed<S>(serde: S | undefined, what: string, operator: string): S {
  const missing = `nothing says how the ${what} of ${operator} become bytes: give the operator, or one above it, a serde`;
  checkSerde(serde, ["serialize"], { what: `${what} of ${operator}`, missing });
  return serde as S;
}

const dropNullKeys: AnyOperator = ({ forward }) => ({
  process(message) {
    if (message.key !== null) forward(message);
  },
});
