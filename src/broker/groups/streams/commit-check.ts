import { BrokerError } from "../../../errors.ts";
import type { OffsetActor, PartitionCheck } from "../group.ts";
import type { Member } from "./member.ts";
import type { Topology } from "./topology.ts";

/** The version of OffsetCommit from which on it carries a member epoch (KIP-848). */
const oldestCommitVersion = 9;

/** What a commit is judged by. */
export interface CommitScene {
  readonly isEmpty: boolean;
  readonly topology: Topology | undefined;
  /** Throws UNKNOWN_MEMBER_ID. */
  member(memberId: string): Member;
}

/**
 * Throws where a member must not commit offsets. A member that comes with an older epoch may still
 * commit for tasks that it has had since then: gives the check of each partition (KIP-1251,
 * `StreamsGroup.validateOffsetCommit`).
 */
export function checkOffsetCommit(
  scene: CommitScene,
  actor: OffsetActor,
): PartitionCheck | undefined {
  const { memberId, groupInstanceId, memberEpoch, isTransactional, apiVersion } = actor;
  // Tools, and consumers that do not use the group's membership, commit while nobody is there.
  if (memberEpoch < 0 && scene.isEmpty) return undefined;
  // TxnOffsetCommit need not name its member.
  const isAnonymous = memberEpoch === -1 && memberId === "" && groupInstanceId === null;
  if (isTransactional && isAnonymous) return undefined;
  const member = scene.member(memberId);
  if (!isTransactional && apiVersion < oldestCommitVersion) {
    const message =
      "OffsetCommit version 9 or above must be used by members using the streams group protocol";
    throw new BrokerError("UNSUPPORTED_VERSION", message);
  }
  if (memberEpoch === member.epoch) return undefined;
  if (memberEpoch > member.epoch) {
    throw stale(
      `Received member epoch ${memberEpoch} is newer than current member epoch ${member.epoch}.`,
    );
  }
  const { topology } = scene;
  if (topology === undefined) {
    throw stale("Topology is not available for offset commit validation.");
  }
  return (topic, _topicId, partition) =>
    checkPartition(topology, member, memberEpoch, topic, partition);
}

function checkPartition(
  { readers }: Topology,
  { assigned, pendingRevocation }: Member,
  memberEpoch: number,
  topic: string,
  partition: number,
): void {
  const id = readers.get(topic)?.subtopologyId;
  if (id === undefined) throw stale(`Topic ${topic} is not in the topology.`);
  const epoch =
    assigned.active.get(id)?.get(partition) ?? pendingRevocation.active.get(id)?.get(partition);
  if (epoch === undefined) {
    throw stale(`Task ${id}-${partition} is not assigned or pending revocation for member.`);
  }
  if (memberEpoch < epoch) {
    throw stale(
      `Received member epoch ${memberEpoch} is older than assignment epoch ${epoch} for task ${id}-${partition}.`,
    );
  }
}

function stale(message: string): BrokerError {
  return new BrokerError("STALE_MEMBER_EPOCH", message);
}
