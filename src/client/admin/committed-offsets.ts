import { OffsetFetch, type ResponseOf } from "../../protocol/index.ts";
import type { Cluster, Target } from "../cluster.ts";
import {
  partitionName,
  type TopicPartition,
  type TopicPartitionOffset,
} from "../topic-partition.ts";
import { eachAlone } from "./dispatch.ts";
import type { AdminRequest } from "./operation.ts";
import { type Outcome, type Outcomes, outcomeOf } from "./outcome.ts";
import { byTopic } from "./partition-list.ts";

/** Which of the groups' offsets are wanted. */
export interface CommittedQuery {
  /** All partitions where it is left out. */
  readonly partitions: readonly TopicPartition[] | undefined;
  readonly requireStable: boolean;
}

/** From version 8 on one request asks about several groups (KIP-709). */
const batchedFrom = 8;
/** Later versions know topics by their ids alone. */
const newestWithNames = 9;

/** Asks a coordinator for the offsets that groups have committed. */
export async function fetchGroupOffsets(
  cluster: Cluster,
  coordinator: Target,
  groupIds: readonly string[],
  { partitions, requireStable }: CommittedQuery,
  request: AdminRequest,
): Promise<Outcomes<TopicPartitionOffset[]>> {
  const topics =
    partitions === undefined
      ? null
      : byTopic(partitions, (name, some) => ({
          name,
          partitionIndexes: some.map(({ partition }) => partition),
        }));
  const ask = (ids: readonly string[]) =>
    cluster.request(
      coordinator,
      OffsetFetch,
      (version) =>
        version >= batchedFrom
          ? { groups: ids.map((groupId) => ({ groupId, topics })), requireStable }
          : { groupId: ids[0], topics, requireStable },
      { ...request, newest: newestWithNames },
    );
  const answer = await ask(groupIds);
  if (answer.groups.length > 0) {
    return new Map(answer.groups.map((group) => [group.groupId, outcome(group.groupId, group)]));
  }
  const [first, ...others] = groupIds;
  const rest = await eachAlone(
    others,
    (id) => id,
    async (id) => outcome(id, await ask([id])),
  );
  return new Map([[first as string, outcome(first as string, answer)], ...rest]);
}

type GroupAnswer = ResponseOf<typeof OffsetFetch>["groups"][number];

/** The offsets of one group; what went wrong with one partition is what went wrong with the group. */
function outcome(
  groupId: string,
  { errorCode, topics }: Pick<GroupAnswer, "errorCode"> & { topics: readonly TopicAnswer[] },
): Outcome<TopicPartitionOffset[]> {
  const all = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ topic: name, ...partition })),
  );
  const broken = all.find((one) => one.errorCode !== 0);
  const where = broken ? ` in ${partitionName(broken.topic, broken.partitionIndex)}` : "";
  const attempt = `listing the offsets of group ${groupId}${where}`;
  return outcomeOf(errorCode || (broken?.errorCode ?? 0), attempt, undefined, () =>
    all
      .filter(({ committedOffset }) => committedOffset >= 0)
      .map((one) => ({
        topic: one.topic,
        partition: one.partitionIndex,
        offset: one.committedOffset,
        leaderEpoch: one.committedLeaderEpoch < 0 ? undefined : one.committedLeaderEpoch,
        metadata: one.metadata ?? "",
      })),
  );
}

type TopicAnswer = Omit<GroupAnswer["topics"][number], "topicId">;
