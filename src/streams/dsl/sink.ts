import type { Serializer } from "../../client/index.ts";
import { GraphNode } from "../graph/graph-node.ts";
import type { SerializerFor } from "../serializer-for.ts";
import type { StreamPartitioner, TopicExtractor } from "../topology-node.ts";
import type { Named, Place } from "./place.ts";
import { needed } from "./repartition.ts";

/** Options of `KStream.to`. */
export interface ProducedOptions<K, V> extends Named {
  /** How keys become bytes; by default as in what is above. A serializer of wider types does too. */
  readonly key?: SerializerFor<K> | undefined;
  readonly value?: SerializerFor<V> | undefined;
  /** Chooses partitions; by default the hash of the key does, for windowed keys that of the key inside. */
  readonly partitioner?: StreamPartitioner<K, V> | undefined;
}

/** Ends a stream in a topic. */
export function writeStream<K, V>(
  place: Place<K, V>,
  topic: string | TopicExtractor<K, V>,
  options: ProducedOptions<K, V>,
): void {
  const { graph, node: parent } = place;
  const name = graph.nodeName("KSTREAM-SINK-", options.name);
  const node = new GraphNode(name, {
    write(topology, parents) {
      const key = needed<Serializer<K>>(options.key ?? place.key, "keys", name);
      const value = needed<Serializer<V>>(options.value ?? place.value, "values", name);
      const { partitioner } = options;
      topology.addSink({ name, topic, key, value, partitioner, parents });
    },
  });
  graph.add(node, parent);
}
