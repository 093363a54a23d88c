import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { StreamsGroupHeartbeat } from "../../protocol/index.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import type { InternalTopic } from "../groups/streams/configured-topology.ts";
import { areStreamsGroupsOn } from "../groups/streams/group-settings.ts";
import type { HeartbeatAnswer } from "../groups/streams/heartbeat.ts";
import { type HeartbeatStatus, statusCodes } from "../groups/streams/heartbeat-status.ts";
import { checkRequest } from "../groups/streams/request-check.ts";
import type { HeartbeatRequest, RequestTopology } from "../groups/streams/topology.ts";
import { isInternalTopic, isTopicName } from "../metadata/topic-name.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

/** How many topics that could not be made a status tells of. */
const failuresNamed = 3;

/**
 * Version 0. Internal topics that the topology lacks are made before the answer is sent, where Kafka
 * makes them behind it; the answer says all the same that they are missing, and the next one does not.
 */
export const streamsGroupHeartbeat = handler(
  StreamsGroupHeartbeat,
  (request, context, services) => {
    const refusal = refusalOf(request, context, services);
    if (refusal !== undefined) return refusal;
    const { groups } = services;
    const { groupId } = request;
    const client = { clientId: context.clientId, clientHost: `/${context.clientHost}` };
    try {
      checkRequest(request);
      const { answer, topicsToCreate } = groups.run(groupId, (now) =>
        groups.kinds.streams.heartbeat(request, client, groups.group(groupId), now),
      );
      const status = withTopics(answer, topicsToCreate, context, services);
      return { ...answer, throttleTimeMs: 0, errorCode: 0, status };
    } catch (error) {
      const code = groupErrorOf(error);
      const message = code === "UNKNOWN_SERVER_ERROR" ? null : (error as Error).message;
      return refused(code, message);
    }
  },
);

function refusalOf(
  { groupId, topology }: HeartbeatRequest,
  context: RequestContext,
  { controller }: BrokerServices,
) {
  if (!areStreamsGroupsOn(controller)) return refused("UNSUPPORTED_VERSION");
  if (!context.isAllowed("READ", "GROUP", groupId)) return refused("GROUP_AUTHORIZATION_FAILED");
  if (topology === null) return undefined;
  const topics = topicsOf(topology);
  const internal = topics.filter(isInternalTopic);
  if (internal.length > 0) {
    const message = `Use of Kafka internal topics ${internal.join(",")} in a Kafka Streams topology is prohibited.`;
    return refused("STREAMS_INVALID_TOPOLOGY", message);
  }
  const invalid = topics.filter((topic) => !isTopicName(topic));
  if (invalid.length > 0) {
    const message = `Topic names ${invalid.join(",")} are not valid topic names.`;
    return refused("STREAMS_INVALID_TOPOLOGY", message);
  }
  const mayDescribe = (topic: string) => context.isAllowed("DESCRIBE", "TOPIC", topic);
  return topics.every(mayDescribe) ? undefined : refused("TOPIC_AUTHORIZATION_FAILED");
}

function topicsOf({ subtopologies }: RequestTopology): string[] {
  const topics = subtopologies.flatMap((one) => [
    ...one.sourceTopics,
    ...one.repartitionSinkTopics,
    ...one.repartitionSourceTopics.map(({ name }) => name),
    ...one.stateChangelogTopics.map(({ name }) => name),
  ]);
  return [...new Set(topics)];
}

/** Makes the topics that are missing, and tells of those that could not be made. */
function withTopics(
  { status, heartbeatIntervalMs }: HeartbeatAnswer,
  topics: readonly InternalTopic[],
  context: RequestContext,
  { groups, host }: BrokerServices,
): readonly HeartbeatStatus[] {
  if (topics.length === 0) return status;
  const mayCreateAll = context.isAllowed("CREATE", "CLUSTER", "kafka-cluster");
  const mayCreate = (topic: string) => mayCreateAll || context.isAllowed("CREATE", "TOPIC", topic);
  const denied = topics.map(({ name }) => name).filter((name) => !mayCreate(name));
  if (denied.length > 0) {
    return withDetail(status, `Unauthorized to CREATE on topics ${denied.join(", ")}.`);
  }
  const { topicCreation } = groups.kinds.streams;
  const failures = topicCreation.create(topics, host.clock.elapsed(), 2 * heartbeatIntervalMs);
  if (failures.size === 0) return status;
  const named = [...failures].slice(0, failuresNamed);
  const list = named.map(([topic, message]) => `${topic} (${message})`).join(", ");
  const others = failures.size - named.length;
  const detail = others > 0 ? `${list} and ${others} more` : list;
  return withDetail(status, `Creation failed: ${detail}.`);
}

function withDetail(statuses: readonly HeartbeatStatus[], detail: string): HeartbeatStatus[] {
  return statuses.map((one) =>
    one.statusCode === statusCodes.missingInternalTopics
      ? { ...one, statusDetail: `${one.statusDetail}; ${detail}` }
      : one,
  );
}

function refused(code: BrokerErrorCode, errorMessage: string | null = null) {
  return {
    throttleTimeMs: 0,
    errorCode: brokerErrorNumber(code),
    errorMessage,
    memberId: "",
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    acceptableRecoveryLag: 0,
    taskOffsetIntervalMs: 0,
    status: [],
    endpointInformationEpoch: 0,
  };
}
