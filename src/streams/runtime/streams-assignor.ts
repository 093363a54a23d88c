import type {
  AssignableTopics,
  Assignment,
  Assignor,
  GroupMember,
  TopicPartition,
} from "../../client/index.ts";
import { type Logger, silentLogger } from "../../log.ts";
import type { InternalTopics } from "./internal-topics.ts";
import { taskCount } from "./partition-counts.ts";
import { inputsOf, topicsBySource } from "./subscription.ts";
import { type AssignableTask, assignTasks, type TaskMember } from "./task-assignment.ts";
import { decodeTaskNote, encodeTaskNote } from "./task-note.ts";
import type { TopologyPlan } from "./topology-plan.ts";

/** What a {@link StreamsAssignor} is made with. */
export interface StreamsAssignorOptions {
  readonly plan: TopologyPlan;
  /** The same for all threads of a process, and after it has come back to its state directory. */
  readonly processId: string;
  readonly internalTopics: Pick<InternalTopics, "ensure">;
  /** For each task with state on this process's disk the sum of its changelogs' offsets there. */
  readonly taskOffsets: () => ReadonlyMap<string, number>;
  /** State that is at most so many records behind the best counts as caught up; 10,000 by default. */
  readonly acceptableRecoveryLag?: number | undefined;
  readonly logger?: Logger | undefined;
}

/**
 * Shares the tasks of an application out among the members of its group: all partitions of a task go to one member
 * (see {@link assignTasks}). Cooperative (KIP-429): a task that moves is first given up where it runs, and taken up in
 * the rebalance that follows. As the leader, it creates internal topics that are missing.
 */
export class StreamsAssignor implements Assignor {
  readonly name = "millrace-streams";
  readonly protocols = ["cooperative"] as const;
  readonly #options: StreamsAssignorOptions;
  readonly #logger: Logger;

  constructor(options: StreamsAssignorOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  /** Tells the leader who this is, and what state it has. */
  subscriptionUserData(): Uint8Array {
    const { processId, taskOffsets } = this.#options;
    return encodeTaskNote({ processId, offsets: taskOffsets() });
  }

  async assign(
    _topics: AssignableTopics,
    members: readonly GroupMember[],
  ): Promise<ReadonlyMap<string, Assignment>> {
    const { plan, internalTopics, acceptableRecoveryLag } = this.#options;
    const tasks = tasksOf(plan, await internalTopics.ensure());
    const claims = claimsOn(tasks, members);
    const assigned = assignTasks(
      tasks,
      members.map((member) => taskMember(member, claims)),
      { acceptableRecoveryLag },
    );
    this.#logger.info(
      { tasks: tasks.length, members: members.length },
      "assigned the tasks of the application",
    );
    const partitionsOf = new Map(tasks.map(({ id, partitions }) => [id, partitions]));
    return new Map(
      members.map(({ memberId }) => {
        const free = (assigned.get(memberId) ?? []).filter(({ id }) =>
          isFree(claims.get(id) ?? [], memberId),
        );
        return [memberId, { partitions: free.flatMap(({ id }) => partitionsOf.get(id) ?? []) }];
      }),
    );
  }
}

/** A task with the partitions that it reads. */
export interface TaskWithInputs extends AssignableTask {
  readonly partitions: readonly TopicPartition[];
}

/**
 * The tasks of an application, given how many partitions each topic has: for each sub-topology one for each partition
 * of its largest topic, which reads that partition of all its topics that have it.
 */
export function tasksOf(plan: TopologyPlan, counts: ReadonlyMap<string, number>): TaskWithInputs[] {
  const bySource = topicsBySource(plan, counts.keys());
  return plan.subtopologies().flatMap((subtopology) => {
    const inputs = inputsOf(subtopology, bySource);
    const isStateful = subtopology.stores.some((store) => plan.changelogOf(store) !== undefined);
    return Array.from({ length: taskCount(inputs, counts) }, (_, partition) => ({
      id: `${subtopology.id}_${partition}`,
      subtopology: subtopology.id,
      partition,
      isStateful,
      partitions: inputs
        .filter((topic) => (counts.get(topic) ?? 0) > partition)
        .map((topic) => ({ topic, partition })),
    }));
  });
}

/** A member's word that it runs a task, and the generation it is from. */
interface Claim {
  readonly memberId: string;
  readonly generation: number;
}

/** Who says to run each task: whoever owns one of its partitions. */
function claimsOn(
  tasks: readonly TaskWithInputs[],
  members: readonly GroupMember[],
): ReadonlyMap<string, readonly Claim[]> {
  const taskOf = new Map(
    tasks.flatMap(({ id, partitions }) => partitions.map((one) => [nameOf(one), id] as const)),
  );
  const claims = new Map<string, Claim[]>();
  for (const { memberId, generationId: generation, ownedPartitions } of members) {
    for (const id of new Set(ownedPartitions.map((one) => taskOf.get(nameOf(one))))) {
      if (id === undefined) continue;
      claims.set(id, [...(claims.get(id) ?? []), { memberId, generation }]);
    }
  }
  return claims;
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** A member that says nothing of its process counts as one of its own. */
function taskMember(
  { memberId, userData }: GroupMember,
  claims: ReadonlyMap<string, readonly Claim[]>,
): TaskMember {
  const { processId, offsets } = decodeTaskNote(userData) ?? {
    processId: memberId,
    offsets: new Map(),
  };
  const running = new Set<string>();
  for (const [id, all] of claims) if (isRunner(all, memberId)) running.add(id);
  return { memberId, processId, offsets, running };
}

/** Whether a member runs a task, and nobody else says so by a word that is as new. */
function isRunner(claims: readonly Claim[], memberId: string): boolean {
  return claims.some((claim) => claim.memberId === memberId) && isFree(claims, memberId);
}

/** Whether a member may have a task at once: nobody else runs it, by a word that is as new as its own. */
function isFree(claims: readonly Claim[], memberId: string): boolean {
  const own = claims.find((claim) => claim.memberId === memberId);
  const since = own?.generation ?? Number.NEGATIVE_INFINITY;
  return claims.every((claim) => claim.memberId === memberId || claim.generation < since);
}
