import { BrokerError } from "../../../errors.ts";
import { isReconciledTo, type Member } from "./member.ts";
import type { TaskOwners } from "./task-owners.ts";
import {
  type AnyTaskSet,
  areSameTasks,
  type EpochTaskSet,
  haveCommonTask,
  isWithoutTasks,
  mergeTasks,
  noTasks,
  type TaskSet,
  type Tasks,
} from "./tasks.ts";

/** What a member's way to its target assignment depends on, besides the member itself. */
export interface Reconciliation {
  readonly targetEpoch: number;
  readonly target: Tasks;
  /** Which processes have which tasks, or are still giving them up. */
  readonly owners: TaskOwners;
  /** What the member says that it has; undefined where it did not say. */
  readonly owned: Tasks | undefined;
}

/**
 * Takes a member one step towards its target assignment (`CurrentAssignmentBuilder`): first it gives up
 * what it is not to have, then it moves on to the target's epoch and gets what is free, and then what
 * others let go of. Gives the same object where nothing changes; throws FENCED_MEMBER_EPOCH where the
 * member must begin anew.
 */
export function reconcile(member: Member, reconciliation: Reconciliation): Member {
  if (isReconciledTo(member, reconciliation.targetEpoch)) return member;
  const after = step(member, reconciliation);
  return isSameAssignment(member, after) ? member : after;
}

function step(member: Member, reconciliation: Reconciliation): Member {
  const { targetEpoch, owned } = reconciliation;
  switch (member.state) {
    case "stable":
    case "unreleased-tasks":
      return next(member, member.epoch, reconciliation);
    case "unrevoked-tasks":
      // A member that did not say what it has is taken to have everything still.
      if (owned === undefined || haveCommonTask(owned, member.pendingRevocation)) return member;
      return next(member, member.epoch + 1, reconciliation);
    case "unknown":
      if (owned === undefined || !isWithoutTasks(owned)) {
        const message =
          "The streams group member is in a unknown state. The member must abandon all its tasks and rejoin.";
        throw new BrokerError("FENCED_MEMBER_EPOCH", message);
      }
      return next(member, targetEpoch, reconciliation);
    default:
      return member.state satisfies never;
  }
}

function next(member: Member, epoch: number, reconciliation: Reconciliation): Member {
  const { targetEpoch, target, owners, owned } = reconciliation;
  const { processId, assigned } = member;
  const active = splitActive(
    assigned.active,
    target.active,
    targetEpoch,
    (subtopology, partition) => owners.isFreeAsActive(subtopology, partition, processId),
  );
  const isFree = (subtopology: string, partition: number) =>
    owners.isFreeInProcess(subtopology, partition, processId);
  const standby = splitReplicas(assigned.standby, target.standby, isFree);
  const warmup = splitReplicas(assigned.warmup, target.warmup, isFree);
  const kept = { active: active.kept, standby: standby.kept, warmup: warmup.kept };
  const leaving = { active: active.leaving, standby: standby.leaving, warmup: warmup.leaving };
  const coming = { active: active.coming, standby: standby.coming, warmup: warmup.coming };
  const isWaiting = active.isWaiting || standby.isWaiting || warmup.isWaiting;
  const mustRevoke =
    !isWithoutTasks(leaving) && (owned === undefined || haveCommonTask(owned, leaving));
  if (mustRevoke) {
    return {
      ...member,
      epoch,
      previousEpoch: member.epoch,
      state: "unrevoked-tasks",
      assigned: kept,
      pendingRevocation: leaving,
    };
  }
  return {
    ...member,
    epoch: targetEpoch,
    previousEpoch: member.epoch,
    state: isWaiting ? "unreleased-tasks" : "stable",
    assigned: mergeTasks(kept, coming),
    pendingRevocation: noTasks,
  };
}

function isSameAssignment(left: Member, right: Member): boolean {
  return (
    left.epoch === right.epoch &&
    left.previousEpoch === right.previousEpoch &&
    left.state === right.state &&
    areSameTasks(left.assigned, right.assigned) &&
    areSameTasks(left.pendingRevocation, right.pendingRevocation)
  );
}

/** What becomes of a member's tasks of one kind. */
interface Split<Set> {
  /** What the member has and is to have. */
  readonly kept: Set;
  /** What it has and is not to have. */
  readonly leaving: Set;
  /** What it is to have, has not, and is free. */
  readonly coming: Set;
  /** Whether some of what it is to have is not free yet. */
  readonly isWaiting: boolean;
}

type IsFree = (subtopology: string, partition: number) => boolean;

/** Kept tasks keep their epochs; those that come get the target's. */
function splitActive(
  current: EpochTaskSet,
  target: TaskSet,
  targetEpoch: number,
  isFree: IsFree,
): Split<EpochTaskSet> {
  const { kept, leaving, coming, isWaiting } = splitReplicas(current, target, isFree);
  const withEpochs = (
    tasks: TaskSet,
    epochOf: (subtopology: string, partition: number) => number,
  ) =>
    new Map(
      [...tasks].map(([subtopology, partitions]) => [
        subtopology,
        new Map([...partitions].map((one) => [one, epochOf(subtopology, one)] as const)),
      ]),
    );
  const present = (subtopology: string, partition: number) =>
    current.get(subtopology)?.get(partition) ?? targetEpoch;
  return {
    kept: withEpochs(kept, present),
    leaving: withEpochs(leaving, present),
    coming: withEpochs(coming, () => targetEpoch),
    isWaiting,
  };
}

function splitReplicas(current: AnyTaskSet, target: TaskSet, isFree: IsFree): Split<TaskSet> {
  const kept = new Map<string, ReadonlySet<number>>();
  const leaving = new Map<string, ReadonlySet<number>>();
  const coming = new Map<string, ReadonlySet<number>>();
  let isWaiting = false;
  for (const subtopology of new Set([...target.keys(), ...current.keys()])) {
    const held = [...(current.get(subtopology)?.keys() ?? [])];
    const wanted = target.get(subtopology) ?? new Set<number>();
    const isHeld = new Set(held);
    const missing = [...wanted].filter((partition) => !isHeld.has(partition));
    const free = missing.filter((partition) => isFree(subtopology, partition));
    isWaiting ||= free.length < missing.length;
    put(
      kept,
      subtopology,
      held.filter((partition) => wanted.has(partition)),
    );
    put(
      leaving,
      subtopology,
      held.filter((partition) => !wanted.has(partition)),
    );
    put(coming, subtopology, free);
  }
  return { kept, leaving, coming, isWaiting };
}

function put(
  tasks: Map<string, ReadonlySet<number>>,
  subtopology: string,
  partitions: readonly number[],
): void {
  if (partitions.length > 0) tasks.set(subtopology, new Set(partitions));
}
