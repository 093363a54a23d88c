import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { OffsetCommit, zeroUuid } from "../../protocol/index.ts";
import type { OffsetActor } from "../groups/group.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { commitOffsets, type OffsetToCommit } from "../groups/offset-commits.ts";
import { PartitionAnswers } from "../groups/partition-answers.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof OffsetCommit.request.decode>;

/** From this version on topics are told by their ids. */
const topicIdFrom = 10;

/** Versions 2 to 10. */
export const offsetCommit = handler(OffsetCommit, (request, context, services) => {
  const isById = context.apiVersion >= topicIdFrom;
  const answers = new PartitionAnswers(isById ? "topicId" : "name");
  const offsets = sortOut(request, { context, services, answers });
  if (offsets.length === 0) return { topics: answers.topics };
  const errors = commit(request, offsets, context, services);
  for (const [index, one] of offsets.entries()) {
    const error = typeof errors === "string" ? errors : errors[index];
    const topic = { name: one.topic, topicId: one.topicId };
    answers.add(topic, one.partition, error === undefined ? 0 : brokerErrorNumber(error));
  }
  return { topics: answers.topics };
});

/** Gives what can be committed, and answers the rest. */
function sortOut(
  request: Request,
  {
    context,
    services,
    answers,
  }: {
    readonly context: RequestContext;
    readonly services: BrokerServices;
    readonly answers: PartitionAnswers;
  },
): OffsetToCommit[] {
  const isById = context.apiVersion >= topicIdFrom;
  const { image } = services.controller;
  const isGroupAllowed = context.isAllowed("READ", "GROUP", request.groupId);
  const offsets: OffsetToCommit[] = [];
  for (const told of request.topics) {
    const topic = isById ? image.topicsById.get(told.topicId) : image.topics.get(told.name);
    const name = topic?.name ?? told.name;
    const topicId = isById ? told.topicId : (topic?.id ?? zeroUuid);
    const topicError = (): BrokerErrorCode | undefined => {
      if (!isGroupAllowed) return "GROUP_AUTHORIZATION_FAILED";
      if (isById && topic === undefined) return "UNKNOWN_TOPIC_ID";
      if (!context.isAllowed("READ", "TOPIC", name)) return "TOPIC_AUTHORIZATION_FAILED";
      return topic === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : undefined;
    };
    const error = topicError();
    for (const one of told.partitions) {
      const { partitionIndex } = one;
      const isThere = topic?.partitions[partitionIndex] !== undefined;
      const wrong = error ?? (isThere ? undefined : "UNKNOWN_TOPIC_OR_PARTITION");
      if (wrong !== undefined) {
        answers.add({ name, topicId }, partitionIndex, brokerErrorNumber(wrong));
        continue;
      }
      offsets.push({
        topic: name,
        topicId,
        partition: partitionIndex,
        offset: one.committedOffset,
        leaderEpoch: one.committedLeaderEpoch,
        metadata: one.committedMetadata,
      });
    }
  }
  return offsets;
}

/** Gives the errors by offset, or the one of all. */
function commit(
  request: Request,
  offsets: readonly OffsetToCommit[],
  context: RequestContext,
  { groups, controller, host }: BrokerServices,
): (BrokerErrorCode | undefined)[] | BrokerErrorCode {
  const { groupId, memberId, groupInstanceId, retentionTimeMs } = request;
  const actor: OffsetActor = {
    memberId,
    groupInstanceId,
    memberEpoch: request.generationIdOrMemberEpoch,
    isTransactional: false,
    apiVersion: context.apiVersion,
  };
  const metadataLimit = Number(controller.brokerConfig("offset.metadata.max.bytes"));
  try {
    return groups.run(groupId, (now) => {
      const group = groups.group(groupId);
      const timestamp = host.clock.now();
      const whole = { groupId, group, actor, offsets, timestamp, retentionTimeMs, metadataLimit };
      const decision = commitOffsets(whole);
      // In the classic protocol a commit says that its member is alive.
      if (group?.type === "classic") groups.kinds.classic.touch(groupId, memberId, now);
      return decision;
    });
  } catch (error) {
    return groupErrorOf(error);
  }
}
