import type { Cluster } from "../cluster.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";
import { type ResetFacts, type ResetTarget, resetOffset, timestampLookup } from "./offset-reset.ts";
import type { AdminOptions } from "./operation.ts";
import { failed, type Outcome, type Outcomes, valueOrThrow, valuesOrThrow } from "./outcome.ts";
import { keyOf } from "./partition-list.ts";
import { type ListedOffset, type OffsetSpec, Records } from "./records.ts";
import { Topics } from "./topics.ts";

/** Where a group is to go on reading, and in which partitions. */
export interface OffsetReset {
  readonly to: ResetTarget;
  /** All partitions of these topics. */
  readonly topics?: readonly string[] | undefined;
  /** These partitions. Without either, all in which the group has an offset. */
  readonly partitions?: readonly TopicPartition[] | undefined;
}

/** A group's new offset in a partition. */
export interface ResetPartition extends TopicPartition {
  readonly offset: number;
  /** Undefined if the group had none. */
  readonly previousOffset: number | undefined;
}

/** An offset that a group has. */
interface HeldOffset extends TopicPartition {
  readonly offset: number;
}

/**
 * Looks up what decides a group's new offsets, and decides them; `remaining` gives what is left of
 * the operation's time. Rejects when the topics' partitions cannot be found out.
 */
export async function planReset(
  cluster: Cluster,
  held: readonly HeldOffset[],
  reset: OffsetReset,
  remaining: () => AdminOptions,
): Promise<Outcomes<ResetPartition>> {
  const partitions = await partitionsOf(cluster, held, reset, remaining);
  const records = new Records(cluster);
  const find = (at: OffsetSpec): Promise<Outcomes<ListedOffset>> => {
    const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
    return records.listOffsets(queries, remaining());
  };
  const at = timestampLookup(reset.to);
  const [earliest, latest, later] = await Promise.all([
    find("earliest"),
    find("latest"),
    at === undefined ? undefined : find(at),
  ]);
  const committed = new Map(held.map((one) => [keyOf(one), one.offset]));
  const decide = ({ topic, partition }: TopicPartition): ResetPartition => {
    const name = partitionName(topic, partition);
    const found = (outcomes: Outcomes<ListedOffset>) =>
      valueOrThrow(outcomes.get(name) as Outcome<ListedOffset>).offset;
    const previousOffset = committed.get(name);
    const facts: ResetFacts = {
      name,
      earliest: found(earliest) ?? 0,
      latest: found(latest) ?? 0,
      atTimestamp: later ? found(later) : undefined,
      committed: previousOffset,
    };
    return { topic, partition, offset: resetOffset(reset.to, facts), previousOffset };
  };
  return new Map(partitions.map((one) => [keyOf(one), attempt(() => decide(one))]));
}

/** What was planned, but for the partitions whose new offset could not be written. */
export function afterWriting(
  plan: Outcomes<ResetPartition>,
  written: Outcomes<void>,
): Outcomes<ResetPartition> {
  const merged = [...plan].map(([name, planned]) => {
    const outcome = written.get(name);
    return [name, outcome?.state === "failed" ? outcome : planned] as const;
  });
  return new Map(merged);
}

/** The partitions for which there is a plan. */
export function planned(plan: Outcomes<ResetPartition>): ResetPartition[] {
  return [...plan.values()].flatMap((one) => (one.state === "done" ? [one.value] : []));
}

async function partitionsOf(
  cluster: Cluster,
  held: readonly HeldOffset[],
  { topics, partitions }: OffsetReset,
  remaining: () => AdminOptions,
): Promise<readonly TopicPartition[]> {
  if (!topics) return partitions ?? held;
  const described = valuesOrThrow(await new Topics(cluster).describe(topics, remaining()));
  const all = [...described.values()].flatMap((topic) =>
    topic.partitions.map(({ partition }) => ({ topic: topic.name, partition })),
  );
  const isNamed = ({ topic }: TopicPartition) => topics.includes(topic);
  return [...all, ...(partitions ?? []).filter((one) => !isNamed(one))];
}

function attempt<T>(make: () => T): Outcome<T> {
  try {
    return { state: "done", value: make() };
  } catch (error) {
    return failed(error);
  }
}
