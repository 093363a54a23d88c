import { brokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { OffsetCommit, OffsetFetch } from "../../protocol/index.ts";
import type { Cluster, RequestOptions } from "../cluster.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import {
  partitionName,
  type TopicPartition,
  type TopicPartitionOffset,
} from "../topic-partition.ts";
import type { GroupCoordinator } from "./group-coordinator.ts";
import { groupedByTopic } from "./partition-set.ts";

/** An offset as the group keeps it: that of the next record to read. */
export interface CommittedOffset {
  readonly offset: number;
  /** The leader epoch of the last record read, −1 if it was not told (KIP-320). */
  readonly leaderEpoch: number;
  /** The committer's note, empty if there is none. */
  readonly metadata: string;
}

/** From this version on, requests and answers name topics by their ids alone. */
const versionWithIds = 10;

/** Commits offsets in one try, on a member's word or without; throws a `BrokerError` for the first refusal. */
export async function commitOnce(
  coordinator: GroupCoordinator,
  offsets: readonly TopicPartitionOffset[],
  member: GroupMetadata | undefined,
  options: RequestOptions,
): Promise<void> {
  const { cluster, groupId } = coordinator;
  const topics = topicIds(cluster, offsets);
  const body = {
    groupId,
    generationIdOrMemberEpoch: member?.generationId ?? -1,
    memberId: member?.memberId ?? "",
    groupInstanceId: member?.groupInstanceId ?? null,
    topics: [...groupedByTopic(offsets)].map(([name, ofTopic]) => ({
      name,
      topicId: topics.idOf(name),
      partitions: ofTopic.map(({ partition, offset, leaderEpoch = -1, metadata = "" }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        committedMetadata: metadata,
      })),
    })),
  };
  const capped = { ...options, newest: topics.newest };
  const answer = await coordinator.request(OffsetCommit, body, capped);
  const refused: Refusal[] = [];
  for (const topic of answer.topics) {
    for (const { partitionIndex, errorCode } of topic.partitions) {
      if (errorCode === 0) continue;
      refused.push({ topic: topics.nameOf(topic), partition: partitionIndex, errorCode });
    }
  }
  await throwFirst(coordinator, refused, "committing the offset of");
}

/** Asks for committed offsets in one try; a member of the consumer protocol gives its epoch (KIP-848). */
export async function fetchOnce(
  coordinator: GroupCoordinator,
  partitions: readonly TopicPartition[],
  member: GroupMetadata | undefined,
  options: RequestOptions,
): Promise<Map<string, CommittedOffset | undefined>> {
  const { cluster, groupId } = coordinator;
  const ids = topicIds(cluster, partitions);
  const topics = [...groupedByTopic(partitions)].map(([name, ofTopic]) => ({
    name,
    topicId: ids.idOf(name),
    partitionIndexes: ofTopic.map(({ partition }) => partition),
  }));
  const { memberId = null, generationId: memberEpoch = -1 } = member ?? {};
  const body = (version: number) => {
    const requireStable = version >= 7;
    if (version < 8) return { groupId, topics, requireStable };
    return { groups: [{ groupId, memberId, memberEpoch, topics }], requireStable };
  };
  const capped = { ...options, newest: ids.newest };
  const answer = await coordinator.request(OffsetFetch, body, capped);
  const group: FetchedGroup = answer.groups[0] ?? answer;
  coordinator.check(group.errorCode, `fetching the offsets of group ${groupId}`);
  const found = new Map<string, CommittedOffset | undefined>();
  const refused: Refusal[] = [];
  for (const { topic, partition } of partitions)
    found.set(partitionName(topic, partition), undefined);
  for (const topic of group.topics) {
    const name = ids.nameOf(topic);
    for (const { partitionIndex, committedOffset, errorCode, ...rest } of topic.partitions) {
      if (errorCode !== 0) refused.push({ topic: name, partition: partitionIndex, errorCode });
      if (errorCode !== 0 || committedOffset < 0) continue;
      const { committedLeaderEpoch: leaderEpoch, metadata } = rest;
      const committed = { offset: committedOffset, leaderEpoch, metadata: metadata ?? "" };
      found.set(partitionName(name, partitionIndex), committed);
    }
  }
  await throwFirst(coordinator, refused, "fetching the committed offset of");
  return found;
}

interface FetchedGroup {
  readonly errorCode: number;
  readonly topics: readonly {
    readonly name: string;
    readonly topicId?: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly committedOffset: number;
      readonly committedLeaderEpoch: number;
      readonly metadata: string | null;
      readonly errorCode: number;
    }[];
  }[];
}

interface Refusal extends TopicPartition {
  readonly errorCode: number;
}

/** Ids are used where all are known; otherwise the request stays with a version that has names. */
function topicIds({ metadata }: Cluster, partitions: readonly TopicPartition[]) {
  const names = [...new Set(partitions.map(({ topic }) => topic))];
  const ids = new Map(names.map((name) => [name, metadata.topic(name)?.id]));
  const areKnown = names.every((name) => metadata.topicName(ids.get(name) ?? "") === name);
  const byId = new Map([...ids].map(([name, id]) => [id, name]));
  return {
    newest: areKnown ? undefined : versionWithIds - 1,
    idOf: (name: string) => ids.get(name),
    nameOf: ({ name, topicId }: { readonly name: string; readonly topicId?: string }) =>
      name || (byId.get(topicId) ?? ""),
  };
}

/** Throws for what was refused: first what concerns the whole request, last what only one topic. */
async function throwFirst(
  coordinator: GroupCoordinator,
  refused: readonly Refusal[],
  attempt: string,
): Promise<void> {
  const isForbidden = ({ errorCode }: Refusal) => errorCode === forbidden;
  const first = refused.find((one) => !isForbidden(one)) ?? refused[0];
  if (!first) return;
  const alike = refused.filter(({ errorCode }) => errorCode === first.errorCode);
  const names = alike.map(({ topic, partition }) => partitionName(topic, partition)).join(", ");
  const { cluster, groupId } = coordinator;
  const code = brokerErrorCode(first.errorCode);
  // The topics may have been made anew: the next try needs their new ids.
  if (code === "UNKNOWN_TOPIC_ID") await cluster.refresh(alike.map(({ topic }) => topic));
  const detail =
    code === "OFFSET_METADATA_TOO_LARGE"
      ? "the note committed with it is longer than the broker's offset.metadata.max.bytes"
      : null;
  coordinator.check(first.errorCode, `${attempt} ${names} for group ${groupId}`, detail);
}

const forbidden = brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED");
