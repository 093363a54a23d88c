import { MillraceError, TopologyError } from "../../errors.ts";
import { inputsOf, topicsBySource } from "./subscription.ts";
import type { InternalTopic, Subtopology, TopologyPlan } from "./topology-plan.ts";

/**
 * How many partitions each topic of an application has or is to have, by its full name: topics that are read,
 * repartition topics and changelogs. `existing` has the topics that are there.
 *
 * A repartition topic that asks for no number gets the greatest of the topics that flow into the sub-topologies
 * which write it (`RepartitionTopics`), and is then made equal to those that it is joined with
 * (`CopartitionedTopicsEnforcer`); a changelog has a partition for each task.
 *
 * Throws MISSING_SOURCE_TOPIC where a topic that is read is not there, and NOT_COPARTITIONED where topics that are
 * joined differ and none of them can give way.
 */
export function partitionCounts(
  plan: TopologyPlan,
  existing: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const subtopologies = plan.subtopologies();
  const bySource = topicsBySource(plan, existing.keys());
  const repartitionTopics = subtopologies.flatMap((one) => one.repartitionTopics);
  const internal = new Set(repartitionTopics.map(({ name }) => name));
  const external = [...bySource.values()].flat().filter((topic) => !internal.has(topic));
  const counts = sourceCounts(external, existing);
  const readers = subtopologies.map((subtopology) => ({
    subtopology,
    inputs: inputsOf(subtopology, bySource),
  }));
  followInputs(repartitionTopics, readers, counts);
  for (const sources of plan.builder.copartitioned) {
    const topics = [...sources].flatMap((source) => bySource.get(source) ?? []);
    copartition(topics, repartitionTopics, counts);
  }
  for (const { subtopology, inputs } of readers) {
    const tasks = taskCount(inputs, counts);
    if (tasks === 0) continue;
    for (const { name } of subtopology.changelogTopics) counts.set(name, tasks);
  }
  return counts;
}

/** How many tasks a sub-topology with these inputs has: one for each partition of the largest. */
export function taskCount(inputs: readonly string[], counts: ReadonlyMap<string, number>): number {
  return Math.max(0, ...inputs.map((topic) => counts.get(topic) ?? 0));
}

interface Reader {
  readonly subtopology: Subtopology;
  readonly inputs: readonly string[];
}

function sourceCounts(
  topics: readonly string[],
  existing: ReadonlyMap<string, number>,
): Map<string, number> {
  const missing = topics.filter((topic) => !existing.has(topic)).sort();
  if (missing.length > 0) {
    const message = `the topology reads topics that do not exist: ${missing.join(", ")}; create them before the application starts`;
    throw new MillraceError("MISSING_SOURCE_TOPIC", message);
  }
  return new Map(topics.map((topic) => [topic, existing.get(topic) as number]));
}

/** Gives each repartition topic its number: the one asked for, or that of what flows into it. */
function followInputs(
  topics: readonly InternalTopic[],
  readers: readonly Reader[],
  counts: Map<string, number>,
): void {
  for (const { name, numPartitions } of topics) {
    if (numPartitions !== undefined) counts.set(name, numPartitions);
  }
  let open = topics.filter(({ name }) => !counts.has(name));
  while (open.length > 0) {
    const upstream = open.map(({ name }) => ({ name, inputs: upstreamOf(name, readers) }));
    const isKnown = (topic: string) => counts.has(topic);
    // In a circle, as that of a foreign-key join, one has to begin with what is known.
    const next =
      upstream.find(({ inputs }) => inputs.length > 0 && inputs.every(isKnown)) ??
      upstream.find(({ inputs }) => inputs.some(isKnown));
    if (!next) {
      const names = open.map(({ name }) => name).join(", ");
      const message = `nothing says how many partitions ${names} must have: no topic that flows into them exists, or matches the pattern of its source`;
      throw new MillraceError("MISSING_SOURCE_TOPIC", message);
    }
    counts.set(next.name, taskCount(next.inputs, counts));
    open = open.filter(({ name }) => name !== next.name);
  }
}

/** What flows into the sub-topologies that write a topic. */
function upstreamOf(topic: string, readers: readonly Reader[]): string[] {
  return readers.flatMap(({ subtopology, inputs }) =>
    subtopology.sinkTopics.includes(topic) ? inputs : [],
  );
}

/** Sees to it that topics have as many partitions as one another: repartition topics follow the others. */
function copartition(
  topics: readonly string[],
  repartitionTopics: readonly InternalTopic[],
  counts: Map<string, number>,
): void {
  const adaptable = new Map(repartitionTopics.map((topic) => [topic.name, topic]));
  const external = topics.filter((topic) => !adaptable.has(topic));
  const fixed = topics.filter((topic) => adaptable.get(topic)?.numPartitions !== undefined);
  const leading = external.length > 0 ? external : fixed.length > 0 ? fixed : topics;
  const required = taskCount(leading, counts);
  for (const topic of topics) {
    const canFollow = adaptable.has(topic) && !fixed.includes(topic);
    if (canFollow) counts.set(topic, required);
    else if (counts.get(topic) !== required) throw notCopartitioned(topics, counts);
  }
}

function notCopartitioned(
  topics: readonly string[],
  counts: ReadonlyMap<string, number>,
): TopologyError {
  const all = topics.toSorted().map((topic) => `${topic} has ${counts.get(topic)}`);
  const message = `topics that are joined or merged into one table need the same number of partitions: ${all.join(", ")}; repartition() one side, or create the topics anew`;
  return new TopologyError("NOT_COPARTITIONED", message);
}
