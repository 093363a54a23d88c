import { GraphNode } from "../graph/graph-node.ts";
import type { StreamPartitioner, TopicExtractor } from "../topology-node.ts";
import type { ProducedOptions } from "./kstream.ts";
import { checkName } from "./name.ts";
import type { Place } from "./place.ts";
import { needed } from "./repartition.ts";

/** Ends a stream in a topic. */
export function writeStream<K, V>(
  place: Place<K, V>,
  topic: string | TopicExtractor<K, V>,
  options: ProducedOptions<K, V>,
): void {
  const { graph, node: parent } = place;
  const name = graph.nodeName("KSTREAM-SINK-", checkName(options.name));
  const node = new GraphNode(name, {
    write(topology, parents) {
      const key = needed(options.key ?? place.key, "keys", name);
      const value = needed(options.value ?? place.value, "values", name);
      const { partitioner } = options;
      topology.addSink({
        name,
        topic: topic as string | TopicExtractor<never, never>,
        key,
        value,
        partitioner: partitioner as StreamPartitioner<never, never> | undefined,
        parents,
      });
    },
  });
  graph.add(node, parent);
}
