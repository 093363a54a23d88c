import { isDeepStrictEqual } from "node:util";
import { BrokerError } from "../../../errors.ts";
import type { StreamsGroupHeartbeat, StreamsGroupTopologyValue } from "../../../protocol/index.ts";

/** A topology as the group's record has it. */
export type TopologyValue = ReturnType<typeof StreamsGroupTopologyValue.decode>;
/** A part of the topology whose nodes run in one task. */
export type Subtopology = TopologyValue["subtopologies"][number];
/** An internal topic as the application describes it; 0 partitions or replicas leave the number to the broker. */
export type TopicInfo = Subtopology["stateChangelogTopics"][number];

/** What a member says when it joins. */
export type HeartbeatRequest = ReturnType<typeof StreamsGroupHeartbeat.request.decode>;
/** The topology as a member sends it. */
export type RequestTopology = NonNullable<HeartbeatRequest["topology"]>;

/** The topology that a group runs (`StreamsTopology`). Never changes. */
export interface Topology {
  readonly epoch: number;
  readonly subtopologies: ReadonlyMap<string, Subtopology>;
  /** By each topic that it reads from: the subtopology that does. Changelogs are not among them. */
  readonly readers: ReadonlyMap<string, Subtopology>;
  /** All topics that must exist: sources, repartition topics and changelogs. */
  readonly requiredTopics: ReadonlySet<string>;
}

/**
 * Reads a topology. Throws UNKNOWN_SERVER_ERROR, as Kafka does, where its epoch is negative or two
 * subtopologies have the same id.
 */
export function topologyOf({ epoch, subtopologies }: TopologyValue): Topology {
  const byId = new Map(subtopologies.map((one) => [one.subtopologyId, one]));
  if (epoch < 0) {
    throw new BrokerError("UNKNOWN_SERVER_ERROR", "Topology epoch must be non-negative.");
  }
  if (byId.size < subtopologies.length) {
    throw new BrokerError("UNKNOWN_SERVER_ERROR", "Two subtopologies have the same id.");
  }
  const readers = new Map<string, Subtopology>();
  const requiredTopics = new Set<string>();
  for (const subtopology of subtopologies) {
    for (const topic of sourcesOf(subtopology)) {
      readers.set(topic, subtopology);
      requiredTopics.add(topic);
    }
    for (const { name } of subtopology.stateChangelogTopics) requiredTopics.add(name);
  }
  return { epoch, subtopologies: byId, readers, requiredTopics };
}

/** Whether two topologies are the same in all that matters: the order of their subtopologies does not. */
export function isSameTopology(left: Topology, right: Topology): boolean {
  return left.epoch === right.epoch && isDeepStrictEqual(left.subtopologies, right.subtopologies);
}

/** The topics that a subtopology reads from, repartition topics included. */
export function sourcesOf(subtopology: Subtopology): string[] {
  return [...subtopology.sourceTopics, ...subtopology.repartitionSourceTopics.map(nameOf)];
}

/** The sets of a subtopology's topics that must have the same number of partitions. */
export function copartitionGroupsOf(subtopology: Subtopology): ReadonlySet<string>[] {
  const { sourceTopics, repartitionSourceTopics, copartitionGroups } = subtopology;
  const at = (names: readonly string[], index: number) => {
    const name = names[index];
    if (name !== undefined) return name;
    const message = `Index ${index} of a copartition group is out of bounds for length ${names.length}`;
    throw new BrokerError("UNKNOWN_SERVER_ERROR", message);
  };
  const repartitionNames = repartitionSourceTopics.map(nameOf);
  return copartitionGroups.map(
    (group) =>
      new Set([
        ...group.sourceTopics.map((index) => at(sourceTopics, index)),
        ...group.repartitionSourceTopics.map((index) => at(repartitionNames, index)),
      ]),
  );
}

/** The topology of a request as it goes into the group's record. */
export function topologyValueOf({ epoch, subtopologies }: RequestTopology): TopologyValue {
  return {
    epoch,
    subtopologies: subtopologies.map((one) => ({
      subtopologyId: one.subtopologyId,
      sourceTopics: one.sourceTopics,
      sourceTopicRegex: one.sourceTopicRegex,
      stateChangelogTopics: one.stateChangelogTopics,
      repartitionSinkTopics: one.repartitionSinkTopics,
      repartitionSourceTopics: one.repartitionSourceTopics,
      copartitionGroups: one.copartitionGroups,
    })),
  };
}

function nameOf({ name }: TopicInfo): string {
  return name;
}
