import type { ClusterImage } from "../../metadata/cluster-image.ts";
import type { ConfiguredSubtopologies } from "./configured-topology.ts";
import type { Endpoint, Member } from "./member.ts";
import type { AnyTaskSet } from "./tasks.ts";

/** Which partitions the member behind an endpoint can be asked about. */
export interface EndpointPartitions {
  readonly userEndpoint: Endpoint;
  readonly activePartitions: readonly TopicPartitions[];
  readonly standbyPartitions: readonly TopicPartitions[];
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/**
 * Tells which partitions of the sources each member with an endpoint has (`EndpointToPartitionsManager`).
 * Unlike Kafka it names only partitions that exist where the sources of a subtopology differ in their
 * number, and no partitions, instead of failing, while the topology lacks topics.
 */
export function endpointPartitions(
  members: Iterable<Member>,
  subtopologies: ConfiguredSubtopologies | undefined,
  image: ClusterImage,
): EndpointPartitions[] {
  const partitionsOf = (tasks: AnyTaskSet) => sourcePartitions(tasks, subtopologies, image);
  return [...members].flatMap(({ userEndpoint, assigned }) =>
    userEndpoint === null
      ? []
      : [
          {
            userEndpoint,
            activePartitions: partitionsOf(assigned.active),
            standbyPartitions: partitionsOf(assigned.standby),
          },
        ],
  );
}

function sourcePartitions(
  tasks: AnyTaskSet,
  subtopologies: ConfiguredSubtopologies | undefined,
  image: ClusterImage,
): TopicPartitions[] {
  return [...tasks].flatMap(([id, held]) => {
    const subtopology = subtopologies?.get(id);
    if (subtopology === undefined) return [];
    const { sourceTopics, repartitionSourceTopics } = subtopology;
    const topics = new Set([...sourceTopics, ...repartitionSourceTopics.map(({ name }) => name)]);
    return [...topics].map((topic) => {
      const count = image.topics.get(topic)?.partitions.length ?? 0;
      const partitions = [...held.keys()].filter((partition) => partition < count);
      return { topic, partitions: partitions.sort((left, right) => left - right) };
    });
  });
}
