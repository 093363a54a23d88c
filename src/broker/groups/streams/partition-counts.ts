import { BrokerError } from "../../../errors.ts";
import type { ClusterImage } from "../../metadata/cluster-image.ts";
import { TopologyProblem } from "./heartbeat-status.ts";
import { copartitionGroupsOf, type Subtopology, sourcesOf, type Topology } from "./topology.ts";

/** How many repartition topics may follow one another; Kafka sets no limit. */
const maxPasses = 1000;

/**
 * How many partitions the topics of a topology have or are to have. A topic that exists has as many as
 * it has; of the internal ones that do not, the number is decided here.
 */
export class PartitionCounts {
  readonly #topology: Topology;
  readonly #image: ClusterImage;
  /** Of repartition topics and changelogs; may differ from what exists. */
  readonly #decided = new Map<string, number>();

  /**
   * Decides all numbers. Throws a `TopologyProblem` where topics that belong together cannot have the
   * same number, STREAMS_INVALID_TOPOLOGY where a number does not follow from anything.
   */
  constructor(topology: Topology, image: ClusterImage) {
    this.#topology = topology;
    this.#image = image;
    this.#decideRepartitionTopics();
    this.#enforceCopartitioning();
    this.#decideChangelogs();
  }

  /** The number of a topic's partitions, be it there or decided; undefined for neither. */
  of(topic: string): number | undefined {
    return this.#image.topics.get(topic)?.partitions.length ?? this.#decided.get(topic);
  }

  /** As {@link of}; throws UNKNOWN_SERVER_ERROR, as Kafka does, where there is none. */
  mustOf(topic: string): number {
    const count = this.of(topic);
    if (count !== undefined) return count;
    throw new BrokerError("UNKNOWN_SERVER_ERROR", `No partition count for source topic ${topic}`);
  }

  /** What was decided for an internal topic. */
  decidedOf(topic: string): number | undefined {
    return this.#decided.get(topic);
  }

  /**
   * A repartition topic without a number of its own gets the most partitions that a source of a
   * subtopology that writes to it has. These may be repartition topics in turn (`RepartitionTopics`).
   */
  #decideRepartitionTopics(): void {
    const subtopologies = [...this.#topology.subtopologies.values()];
    for (const { repartitionSourceTopics } of subtopologies) {
      for (const { name, partitions } of repartitionSourceTopics) {
        if (partitions !== 0) this.#decided.set(name, partitions);
      }
    }
    let open = subtopologies;
    for (let pass = 0; open.length > 0; pass += 1) {
      const left = open.filter((subtopology) => !this.#decideSinks(subtopology));
      if (left.length > 0 && (left.length === open.length || pass === maxPasses)) {
        throw invalid(
          "Failed to compute number of partitions for all repartition topics. There may be loops in the topology that cannot be resolved.",
        );
      }
      open = left;
    }
    const isDecided = ({ name }: { readonly name: string }) => this.#decided.has(name);
    if (!subtopologies.every((one) => one.repartitionSourceTopics.every(isDecided))) {
      throw invalid(
        "Failed to compute number of partitions for all repartition topics, because a repartition source topic is never used as a sink topic.",
      );
    }
  }

  /** Decides the repartition topics that a subtopology writes to; tells whether it could. */
  #decideSinks(subtopology: Subtopology): boolean {
    const sinks = subtopology.repartitionSinkTopics.filter((sink) => !this.#decided.has(sink));
    if (sinks.length === 0) return true;
    const { repartitionSourceTopics, sourceTopics } = subtopology;
    const counts = [
      ...repartitionSourceTopics.map(({ name }) => this.#decided.get(name)),
      ...sourceTopics.map((topic) => this.of(topic)),
    ].filter((count) => count !== undefined);
    const count = most(counts);
    if (count === undefined) return false;
    for (const sink of sinks) this.#decided.set(sink, count);
    return true;
  }

  /** Topics that are joined have the same number of partitions (`CopartitionedTopicsEnforcer`). */
  #enforceCopartitioning(): void {
    const fixed = new Map<string, number>();
    const flexible = new Set<string>();
    for (const { repartitionSourceTopics } of this.#topology.subtopologies.values()) {
      for (const { name, partitions } of repartitionSourceTopics) {
        if (partitions === 0) flexible.add(name);
        else fixed.set(name, this.mustOf(name));
      }
    }
    // Kafka compares all topics that have a number of their own, not only those of one set.
    const fixedCounts = new Set(fixed.values());
    for (const subtopology of this.#topology.subtopologies.values()) {
      for (const group of copartitionGroupsOf(subtopology)) {
        const isRepartition = (topic: string) => fixed.has(topic) || flexible.has(topic);
        const topics = [...group].map((topic) => [topic, this.mustOf(topic)] as const);
        const repartition = new Map(topics.filter(([topic]) => isRepartition(topic)));
        const external = new Map(topics.filter(([topic]) => !isRepartition(topic)));
        const count = countOfSet(repartition, external, fixedCounts);
        for (const [topic, own] of repartition) {
          if (fixed.has(topic) && own !== count) throw misfit(topic, own, count);
          this.#decided.set(topic, count);
        }
      }
    }
  }

  /** A changelog has a partition for each task (`ChangelogTopics`). */
  #decideChangelogs(): void {
    for (const subtopology of this.#topology.subtopologies.values()) {
      const count = most(sourcesOf(subtopology).map((topic) => this.mustOf(topic)));
      if (count === undefined) {
        throw invalid(`No source topics found for subtopology ${subtopology.subtopologyId}`);
      }
      for (const { name } of subtopology.stateChangelogTopics) this.#decided.set(name, count);
    }
  }
}

/** The number of partitions that a set of joined topics is to have; 0 for an empty set. */
function countOfSet(
  repartition: ReadonlyMap<string, number>,
  external: ReadonlyMap<string, number>,
  fixedCounts: ReadonlySet<number>,
): number {
  if (external.size > 0) return sameCount(new Set(external.values()), external);
  if (repartition.size === 0) return 0;
  if (fixedCounts.size > 0) return sameCount(fixedCounts, repartition);
  const count = most(repartition.values()) ?? 0;
  if (count > 0) return count;
  const names = [...repartition.keys()].join(", ");
  throw invalid(`All topics in the copartition group had undefined partition number: [${names}]`);
}

function sameCount(counts: ReadonlySet<number>, told: ReadonlyMap<string, number>): number {
  const [first = 0] = counts;
  if (counts.size <= 1) return first;
  const list = [...told].sort().map(([topic, count]) => `${topic}=${count}`);
  const message = `Following topics do not have the same number of partitions: [{${list.join(", ")}}]`;
  throw new TopologyProblem("incorrectlyPartitionedTopics", message);
}

function misfit(topic: string, own: number, count: number): TopologyProblem {
  const message = `Number of partitions [${own}] of repartition topic [${topic}] doesn't match number of partitions [${count}] of the source topic.`;
  return new TopologyProblem("incorrectlyPartitionedTopics", message);
}

/** The greatest of numbers of which there may be very many; undefined for none. */
export function most(counts: Iterable<number>): number | undefined {
  let greatest: number | undefined;
  for (const count of counts) if (greatest === undefined || count > greatest) greatest = count;
  return greatest;
}

function invalid(message: string): BrokerError {
  return new BrokerError("STREAMS_INVALID_TOPOLOGY", message);
}
