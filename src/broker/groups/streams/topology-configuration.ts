import { BrokerError } from "../../../errors.ts";
import type { ClusterImage } from "../../metadata/cluster-image.ts";
import type {
  ConfiguredSubtopology,
  ConfiguredTopology,
  InternalTopic,
} from "./configured-topology.ts";
import { status, TopologyProblem } from "./heartbeat-status.ts";
import { most, PartitionCounts } from "./partition-counts.ts";
import { type Subtopology, sourcesOf, type TopicInfo, type Topology } from "./topology.ts";

/** How many topics a message names. */
const topicsNamed = 3;
/** How many tasks a topology may have; Kafka sets no limit. */
const maxTasks = 100_000;

/**
 * Finds out what a topology amounts to with the topics that there are: how many tasks it has, and which
 * internal topics are to be made (`InternalTopicManager.configureTopics`). Throws
 * STREAMS_INVALID_TOPOLOGY where no set of topics could do.
 */
export function configureTopology(topology: Topology, image: ClusterImage): ConfiguredTopology {
  try {
    return configure(topology, image);
  } catch (error) {
    if (error instanceof TopologyProblem) return { name: "unfit", status: error.status };
    throw error;
  }
}

function configure(topology: Topology, image: ClusterImage): ConfiguredTopology {
  // Each subtopology has a task at least: this bounds the work of counting them, too.
  refuseTasks(topology.subtopologies.size);
  refuseMissingSources(topology, image);
  const counts = new PartitionCounts(topology, image);
  const subtopologies = new Map(
    [...topology.subtopologies]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([id, subtopology]) => [id, configuredSubtopology(subtopology, counts)] as const),
  );
  let tasks = 0;
  for (const { taskCount } of subtopologies.values()) tasks += taskCount;
  refuseTasks(tasks);
  const missing = missingTopics(subtopologies.values(), image);
  if (missing.length === 0) return { name: "ready", subtopologies };
  const detail = `Internal topics are missing: ${summary(missing.map(({ name }) => name))}`;
  return {
    name: "waiting",
    subtopologies,
    missing,
    status: status("missingInternalTopics", detail),
  };
}

function refuseTasks(count: number): void {
  if (count <= maxTasks) return;
  const message = `The topology has more than ${maxTasks} tasks, which is more than this broker assigns.`;
  throw new BrokerError("STREAMS_INVALID_TOPOLOGY", message);
}

function refuseMissingSources(topology: Topology, image: ClusterImage): void {
  const missing = new Set<string>();
  for (const { sourceTopics } of topology.subtopologies.values()) {
    for (const topic of sourceTopics) if (!image.topics.has(topic)) missing.add(topic);
  }
  if (missing.size === 0) return;
  const message = `Source topics ${summary([...missing].sort())} are missing.`;
  throw new TopologyProblem("missingSourceTopics", message);
}

function configuredSubtopology(
  subtopology: Subtopology,
  counts: PartitionCounts,
): ConfiguredSubtopology {
  const topic = (info: TopicInfo) => internalTopic(info, counts);
  const taskCount = most(sourcesOf(subtopology).map((name) => counts.mustOf(name)));
  if (taskCount === undefined || taskCount <= 0) {
    throw new BrokerError("UNKNOWN_SERVER_ERROR", "Number of tasks must be positive");
  }
  return {
    taskCount,
    sourceTopics: new Set(subtopology.sourceTopics),
    repartitionSourceTopics: subtopology.repartitionSourceTopics.map(topic),
    repartitionSinkTopics: new Set(subtopology.repartitionSinkTopics),
    changelogTopics: subtopology.stateChangelogTopics.map(topic),
  };
}

function internalTopic(info: TopicInfo, counts: PartitionCounts): InternalTopic {
  const { name, replicationFactor, topicConfigs } = info;
  const partitions = info.partitions === 0 ? counts.decidedOf(name) : info.partitions;
  if (partitions === undefined || partitions < 1) {
    const message = `Number of partitions of topic ${name} must be at least 1.`;
    throw new BrokerError("UNKNOWN_SERVER_ERROR", message);
  }
  const configs = new Map(topicConfigs.map(({ key, value }) => [key, value]));
  return { name, partitions, replicationFactor, configs };
}

/** The internal topics that are not there; those that are must have the right number of partitions. */
function missingTopics(
  subtopologies: Iterable<ConfiguredSubtopology>,
  image: ClusterImage,
): InternalTopic[] {
  const wanted = new Map<string, InternalTopic>();
  for (const { repartitionSourceTopics, changelogTopics } of subtopologies) {
    for (const topic of [...repartitionSourceTopics, ...changelogTopics]) {
      wanted.set(topic.name, topic);
    }
  }
  const missing: InternalTopic[] = [];
  for (const topic of wanted.values()) {
    const found = image.topics.get(topic.name)?.partitions.length;
    if (found === undefined) missing.push(topic);
    else if (found !== topic.partitions) {
      const message = `Existing topic ${topic.name} has different number of partitions: expected ${topic.partitions}, found ${found}`;
      throw new TopologyProblem("incorrectlyPartitionedTopics", message);
    }
  }
  return missing;
}

function summary(topics: readonly string[]): string {
  const named = topics.slice(0, topicsNamed).join(", ");
  const others = topics.length - topicsNamed;
  return others > 0 ? `${named} and ${others} additional topics` : named;
}
