import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { OffsetDelete } from "../../protocol/index.ts";
import { type OffsetPlace, offsetTombstone } from "../groups/committed-offset.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import { PartitionAnswers } from "../groups/partition-answers.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof OffsetDelete.request.decode>;

/** Version 0. */
export const offsetDelete = handler(OffsetDelete, (request, context, services) => {
  if (!context.isAllowed("DELETE", "GROUP", request.groupId)) {
    return failed("GROUP_AUTHORIZATION_FAILED");
  }
  const answers = new PartitionAnswers();
  const places = sortOut(request, context, services, answers);
  try {
    const errors = deleteOffsets(request.groupId, places, services.groups);
    for (const [index, { topic, partition }] of places.entries()) {
      const error = errors[index];
      answers.add({ name: topic }, partition, error === undefined ? 0 : brokerErrorNumber(error));
    }
    return { errorCode: 0, throttleTimeMs: 0, topics: answers.topics };
  } catch (error) {
    return failed(groupErrorOf(error));
  }
});

/** Gives the offsets that may be deleted, and answers the rest. */
function sortOut(
  { groupId, topics }: Request,
  context: RequestContext,
  { controller }: BrokerServices,
  answers: PartitionAnswers,
): OffsetPlace[] {
  const places: OffsetPlace[] = [];
  for (const { name, partitions } of topics) {
    const topic = controller.image.topics.get(name);
    const isAllowed = context.isAllowed("READ", "TOPIC", name);
    for (const { partitionIndex } of partitions) {
      if (!isAllowed) {
        answers.add({ name }, partitionIndex, brokerErrorNumber("TOPIC_AUTHORIZATION_FAILED"));
      } else if (topic?.partitions[partitionIndex] === undefined) {
        answers.add({ name }, partitionIndex, brokerErrorNumber("UNKNOWN_TOPIC_OR_PARTITION"));
      } else places.push({ group: groupId, topic: name, partition: partitionIndex });
    }
  }
  return places;
}

/** Gives the errors by offset; throws where the group refuses all. */
function deleteOffsets(
  groupId: string,
  places: readonly OffsetPlace[],
  groups: GroupCoordinator,
): (BrokerErrorCode | undefined)[] {
  if (groupId === "") throw new BrokerError("INVALID_GROUP_ID", "a group needs an id");
  const group = groups.group(groupId);
  if (group === undefined) {
    throw new BrokerError("GROUP_ID_NOT_FOUND", `there is no group "${groupId}"`);
  }
  group.checkOffsetDelete?.();
  const { offsets } = groups;
  const isDeletable = ({ topic }: OffsetPlace) => !group.isSubscribedTo(topic);
  const isThere = (place: OffsetPlace) =>
    offsets.get(place) !== undefined || offsets.isPending(place);
  const records = places.filter((place) => isDeletable(place) && isThere(place));
  groups.append(groupId, records.map(offsetTombstone));
  return places.map((place) => (isDeletable(place) ? undefined : "GROUP_SUBSCRIBED_TO_TOPIC"));
}

function failed(error: BrokerErrorCode) {
  return { errorCode: brokerErrorNumber(error), throttleTimeMs: 0, topics: [] };
}
