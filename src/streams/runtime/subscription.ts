import { TopologyError } from "../../errors.ts";
import { matchesWhole } from "../topology-builder.ts";
import type { SourceNode } from "../topology-node.ts";
import type { Subtopology, TopologyPlan } from "./topology-plan.ts";

/**
 * What the consumer of an application subscribes to: all topics that tasks read, by their full names, or, where
 * a source has a pattern, one expression that matches just those names and what the patterns match. Throws
 * INVALID_TOPOLOGY for patterns that cannot be put together, one of which has the flag `u` or `v` and another not.
 */
export function subscription(plan: TopologyPlan): readonly string[] | RegExp {
  const sources = sourcesOf(plan).filter((source) => !isGlobal(plan, source));
  const names = sources.flatMap(({ topics }) => topics.map((topic) => plan.topicName(topic)));
  const patterns = sources.flatMap(({ pattern }) => pattern ?? []);
  if (patterns.length === 0) return names.sort();
  const [mode = "", ...others] = new Set(patterns.map(({ flags }) => flags.replace(/[^uv]/g, "")));
  if (others.length > 0) {
    const all = patterns.join(", ");
    const message = `${all} cannot be subscribed to together: give all of them the flag u or v, or none`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  const literals = names.sort().map((name) => name.replaceAll(".", "\\."));
  return new RegExp(`^(?:${[...literals, ...patterns.map(inlined)].join("|")})$`, mode);
}

/**
 * The topics that each source reads, by the source's name and their full names: of a pattern those of the topics
 * given that match it as a whole. Topics of other sources and the application's own internal ones match no pattern.
 * Throws INVALID_TOPOLOGY where two patterns match one topic, as Kafka Streams does.
 */
export function topicsBySource(
  plan: TopologyPlan,
  existing: Iterable<string>,
): ReadonlyMap<string, readonly string[]> {
  const sources = sourcesOf(plan);
  const bySource = new Map<string, string[]>(
    sources.map(({ name, topics }) => [name, topics.map((topic) => plan.topicName(topic))]),
  );
  if (sources.every(({ pattern }) => !pattern)) return bySource;
  const taken = new Set([...bySource.values(), internalTopicNames(plan)].flat());
  const matchedBy = new Map<string, string>();
  const candidates = [...existing].filter((topic) => !taken.has(topic)).sort();
  for (const { name, pattern } of sources) {
    if (!pattern) continue;
    for (const topic of candidates) {
      if (!matchesWhole(pattern, topic)) continue;
      const other = matchedBy.get(topic);
      if (other !== undefined) {
        const message = `the topic ${topic} matches the patterns of both ${other} and ${name}: a topic can have one source`;
        throw new TopologyError("INVALID_TOPOLOGY", message);
      }
      matchedBy.set(topic, name);
      bySource.get(name)?.push(topic);
    }
  }
  return bySource;
}

/** The full names of the topics that a sub-topology reads, given what its sources do. */
export function inputsOf(
  { nodes }: Subtopology,
  bySource: ReadonlyMap<string, readonly string[]>,
): string[] {
  return nodes.flatMap(({ kind, name }) => (kind === "source" ? (bySource.get(name) ?? []) : []));
}

/** Whether what a source reads depends on which topics there are. */
export function hasPatterns(plan: TopologyPlan): boolean {
  return sourcesOf(plan).some(({ pattern }) => pattern !== undefined);
}

function sourcesOf({ builder }: TopologyPlan): SourceNode[] {
  return [...builder.nodes.values()].filter((node): node is SourceNode => node.kind === "source");
}

function isGlobal({ builder }: TopologyPlan, { topics }: SourceNode): boolean {
  return topics.some((topic) => builder.isGlobalTopic(topic));
}

function internalTopicNames(plan: TopologyPlan): string[] {
  return plan
    .subtopologies()
    .flatMap(({ repartitionTopics, changelogTopics }) => [...repartitionTopics, ...changelogTopics])
    .map(({ name }) => name);
}

/** A pattern as a part of another: its flags come along as modifiers. */
function inlined({ source, flags }: RegExp): string {
  const modifiers = flags.replace(/[^ims]/g, "");
  return modifiers === "" ? `(?:${source})` : `(?${modifiers}:${source})`;
}
