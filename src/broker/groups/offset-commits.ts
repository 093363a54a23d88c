import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { zeroUuid } from "../../protocol/index.ts";
import { type CommittedOffset, offsetRecord } from "./committed-offset.ts";
import type { CoordinatorRecord } from "./coordinator-record.ts";
import type { Group, OffsetActor, PartitionCheck } from "./group.ts";
import type { Decision } from "./group-kind.ts";

/** One partition's offset that is to be committed. */
export interface OffsetToCommit {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/** Who commits for which group, and under which settings. */
export interface Commit {
  readonly groupId: string;
  readonly group: Group | undefined;
  readonly actor: OffsetActor;
  readonly offsets: readonly OffsetToCommit[];
  /** The wall clock. */
  readonly timestamp: number;
  /** How long the client wants them kept, in milliseconds; −1 for the broker's setting. */
  readonly retentionTimeMs: number;
  /** The most characters of metadata (`offset.metadata.max.bytes`). */
  readonly metadataLimit: number;
}

/** From this version of OffsetCommit on, a group that does not exist has an error of its own. */
const groupNotFoundFrom = 9;

/**
 * Decides on a commit: the records to append, and per offset, in their order, the error if there is one.
 * Throws a `BrokerError` where all are refused (`OffsetMetadataManager.commitOffset`,
 * `commitTransactionalOffset`).
 */
export function commitOffsets(commit: Commit): Decision<(BrokerErrorCode | undefined)[]> {
  const check = committerCheck(commit);
  const { groupId, timestamp, retentionTimeMs } = commit;
  const expireTimestamp = retentionTimeMs === -1 ? -1 : timestamp + retentionTimeMs;
  const records: CoordinatorRecord[] = [];
  const result = commit.offsets.map((one): BrokerErrorCode | undefined => {
    const { topic, partition, offset, leaderEpoch } = one;
    const metadata = one.metadata ?? "";
    if (metadata.length > commit.metadataLimit) return "OFFSET_METADATA_TOO_LARGE";
    check?.(topic, one.topicId, partition);
    const committed: CommittedOffset = {
      offset,
      leaderEpoch,
      metadata,
      commitTimestamp: timestamp,
      expireTimestamp,
      // A transaction's records go without it in Kafka, so that they are read alike.
      topicId: commit.actor.isTransactional ? zeroUuid : one.topicId,
    };
    records.push(offsetRecord({ group: groupId, topic, partition }, committed));
    return undefined;
  });
  return { records, result };
}

/** Whether the sender may commit at all, and what is to be asked for each partition. */
function committerCheck({ group, groupId, actor }: Commit): PartitionCheck | undefined {
  if (group === undefined) {
    // Who is no member commits for a group that has none: it is made for the offsets alone.
    if (actor.memberEpoch < 0) return undefined;
    const isNamed = !actor.isTransactional && actor.apiVersion >= groupNotFoundFrom;
    const code = isNamed ? "GROUP_ID_NOT_FOUND" : "ILLEGAL_GENERATION";
    throw new BrokerError(code, `there is no group "${groupId}"`);
  }
  if (!actor.isTransactional) return group.checkCommit(actor);
  const check = inTransaction(() => group.checkCommit(actor));
  return check && ((...place) => inTransaction(() => check(...place)));
}

/** TxnOffsetCommit has no answer for a stale epoch: it is told as a generation that is gone. */
function inTransaction<Result>(ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof BrokerError) || error.code !== "STALE_MEMBER_EPOCH") throw error;
    throw new BrokerError("ILLEGAL_GENERATION", error.message, { cause: error });
  }
}
