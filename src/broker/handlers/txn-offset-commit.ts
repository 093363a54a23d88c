import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { TxnOffsetCommit, zeroUuid } from "../../protocol/index.ts";
import type { OffsetActor } from "../groups/group.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { commitOffsets, type OffsetToCommit } from "../groups/offset-commits.ts";
import { offsetsTopicName } from "../groups/offsets-topic.ts";
import { PartitionAnswers } from "../groups/partition-answers.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof TxnOffsetCommit.request.decode>;

/** From this version on the group's partition joins the transaction by being written to (KIP-890). */
const addsPartitionFrom = 5;
/** Older clients do not expect to hear that groups are being loaded. */
const loadErrorFrom = 2;

/** Versions 0 to 5. */
export const txnOffsetCommit = handler(TxnOffsetCommit, (request, context, services) => {
  const answers = new PartitionAnswers();
  const offsets = sortOut(request, context, services, answers);
  if (offsets.length === 0) return { throttleTimeMs: 0, topics: answers.topics };
  const errors = commit(request, offsets, context, services);
  for (const [index, one] of offsets.entries()) {
    const error = typeof errors === "string" ? errors : errors[index];
    const errorCode = error === undefined ? 0 : brokerErrorNumber(error);
    answers.add({ name: one.topic }, one.partition, errorCode);
  }
  return { throttleTimeMs: 0, topics: answers.topics };
});

/** Gives what can be committed, and answers the rest. */
function sortOut(
  { transactionalId, groupId, topics }: Request,
  context: RequestContext,
  { controller }: BrokerServices,
  answers: PartitionAnswers,
): OffsetToCommit[] {
  const requestError = (): BrokerErrorCode | undefined => {
    if (!context.isAllowed("WRITE", "TRANSACTIONAL_ID", transactionalId)) {
      return "TRANSACTIONAL_ID_AUTHORIZATION_FAILED";
    }
    return context.isAllowed("READ", "GROUP", groupId) ? undefined : "GROUP_AUTHORIZATION_FAILED";
  };
  const whole = requestError();
  const offsets: OffsetToCommit[] = [];
  for (const { name, partitions } of topics) {
    const topic = controller.image.topics.get(name);
    const isAllowed = whole !== undefined || context.isAllowed("READ", "TOPIC", name);
    for (const one of partitions) {
      const { partitionIndex } = one;
      const isThere = topic?.partitions[partitionIndex] !== undefined;
      const missing = isThere ? undefined : "UNKNOWN_TOPIC_OR_PARTITION";
      const error = whole ?? (isAllowed ? missing : "TOPIC_AUTHORIZATION_FAILED");
      if (error !== undefined) answers.add({ name }, partitionIndex, brokerErrorNumber(error));
      else {
        offsets.push({
          topic: name,
          topicId: topic?.id ?? zeroUuid,
          partition: partitionIndex,
          offset: one.committedOffset,
          leaderEpoch: one.committedLeaderEpoch,
          metadata: one.committedMetadata,
        });
      }
    }
  }
  return offsets;
}

/** Gives the errors by offset, or the one of all. */
function commit(
  request: Request,
  offsets: readonly OffsetToCommit[],
  context: RequestContext,
  services: BrokerServices,
): (BrokerErrorCode | undefined)[] | BrokerErrorCode {
  const { groupId, memberId, groupInstanceId, producerId, producerEpoch } = request;
  const { groups, controller, host } = services;
  const { apiVersion } = context;
  if (groupId === "") return "INVALID_GROUP_ID";
  const actor: OffsetActor = {
    memberId,
    groupInstanceId,
    memberEpoch: request.generationId,
    isTransactional: true,
    apiVersion,
  };
  const metadataLimit = Number(controller.brokerConfig("offset.metadata.max.bytes"));
  try {
    admit(request, apiVersion, services);
    return groups.runInTransaction(groupId, { producerId, producerEpoch }, () => {
      const group = groups.group(groupId);
      const timestamp = host.clock.now();
      const settings = { timestamp, retentionTimeMs: -1, metadataLimit };
      return commitOffsets({ groupId, group, actor, offsets, ...settings });
    });
  } catch (error) {
    const code = groupErrorOf(error);
    const isTooNew = code === "COORDINATOR_LOAD_IN_PROGRESS" && apiVersion < loadErrorFrom;
    return isTooNew ? "COORDINATOR_NOT_AVAILABLE" : code;
  }
}

/** Throws where the producer may not write the group's offsets as part of its transaction. */
function admit(
  { transactionalId, groupId, producerId, producerEpoch }: Request,
  apiVersion: number,
  { groups, transactions }: BrokerServices,
): void {
  // What loading would refuse must not join the transaction.
  groups.group(groupId);
  const error = transactions.admit({
    transactionalId,
    producerId,
    producerEpoch,
    partition: { topic: offsetsTopicName, partition: groups.partitionFor(groupId) },
    add: apiVersion >= addsPartitionFrom,
  });
  if (error === undefined) return;
  const message = `producer ${producerId} may not commit offsets of group "${groupId}" in its transaction`;
  throw new BrokerError(error, message);
}
