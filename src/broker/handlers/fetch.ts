import { brokerErrorNumber } from "../../broker-error-code.ts";
import { Fetch, type RequestOf, zeroUuid } from "../../protocol/index.ts";
import {
  type Fetched,
  type FetchedPartition,
  type FetchReaderOptions,
  type FetchReading,
  readPartitions,
  unreadable,
} from "../fetch-reader.ts";
import type { FetchContext, FetchTarget } from "../fetch-sessions.ts";
import { untilFetchable } from "../fetch-wait.ts";
import type { ClusterImage } from "../metadata/cluster-image.ts";
import type { Partition } from "../partition.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type FetchRequest = RequestOf<typeof Fetch>;
type Allowed = Exclude<FetchContext, { readonly kind: "refused" }>;

const firstVersionWithTopicIds = 13;
/** Up to here clients do not know KAFKA_STORAGE_ERROR. */
const lastVersionWithoutStorageError = 5;
/** KIP-951: from here on an answer names the leader where the client had another one in mind. */
const firstVersionWithLeader = 16;
const readCommitted = 1;
/** What one answer has at most, the first batch aside: it is all in memory until the client has read it. */
const maxAnswerBytes = 8 * 1024 * 1024;

/**
 * Fetch 4 to 18: reads at once, or waits for enough bytes. Departs from Kafka: an answer has at most
 * 8 MiB whatever `fetch.max.bytes` allows, as it is held in memory, and less where that is scarce; there are no other replicas, so
 * who fetches as one is served as a consumer that may fetch everything (CLUSTER_ACTION is asked for).
 */
export const fetch = handler(Fetch, (request, context, services) => {
  const begun = begin(request, context, services);
  if (begun.kind === "refused") {
    return {
      throttleTimeMs: 0,
      errorCode: brokerErrorNumber(begun.code),
      sessionId: 0,
      responses: [],
    };
  }
  const { readable, refused } = sort(targetsOf(begun), request, context, services);
  const options = readerOptions(request, context, services);
  const finish = ({ fetched }: FetchReading) =>
    answer(begun, [...fetched, ...refused], context, services);
  const reading = readPartitions(readable, options);
  // However little may be read now, there must be something.
  const minBytes = Math.min(request.minBytes, Math.max(options.maxBytes, 1));
  if (
    request.maxWaitMs <= 0 ||
    readable.length === 0 ||
    reading.bytes >= minBytes ||
    reading.isUrgent
  ) {
    return finish(reading);
  }
  for (const { answer: found } of reading.fetched) services.readMemory.give(found.records);
  return untilFetchable({
    targets: partitionsOf(readable),
    minBytes,
    maxWaitMs: request.maxWaitMs,
    committed: options.committed,
    clock: services.host.clock,
    onClose: (run) => context.onClose(run),
  }).then((isWanted) => {
    if (!isWanted) return undefined;
    return finish(readPartitions(readable, readerOptions(request, context, services)));
  });
});

/** Finds or refuses the session of the request (KIP-227). */
function begin(
  request: FetchRequest,
  { apiVersion }: RequestContext,
  { fetchSessions, controller }: BrokerServices,
): FetchContext {
  const { image } = controller;
  const usesTopicIds = apiVersion >= firstVersionWithTopicIds;
  return fetchSessions.begin({
    sessionId: request.sessionId ?? 0,
    sessionEpoch: request.sessionEpoch ?? -1,
    usesTopicIds,
    targets: request.topics.flatMap((topic) => targetsIn(topic, usesTopicIds, image)),
    forgotten: (request.forgottenTopicsData ?? []).flatMap(({ topic, topicId, partitions }) =>
      partitions.map((index) => ({ topic: topic ?? "", topicId: topicId ?? "", index })),
    ),
  });
}

function targetsIn(
  { topic = "", topicId = zeroUuid, partitions }: FetchRequest["topics"][number],
  usesTopicIds: boolean,
  image: ClusterImage,
): FetchTarget[] {
  const name = usesTopicIds ? image.topicsById.get(topicId)?.name : topic;
  return partitions.map((one) => ({
    topic: name,
    topicId: usesTopicIds ? topicId : "",
    index: one.partition,
    fetchOffset: one.fetchOffset,
    maxBytes: one.partitionMaxBytes,
    currentLeaderEpoch: one.currentLeaderEpoch ?? -1,
    lastFetchedEpoch: one.lastFetchedEpoch ?? -1,
    highWatermark: -1,
    logStartOffset: -1,
    partition: undefined,
  }));
}

function targetsOf(begun: Allowed): Iterable<FetchTarget> {
  return begun.kind === "incremental" ? begun.session.targets.values() : begun.targets;
}

/** Tells the partitions that may be read from those that may not, or are not there. */
function sort(
  targets: Iterable<FetchTarget>,
  request: FetchRequest,
  context: RequestContext,
  { controller: { image } }: BrokerServices,
): { readonly readable: readonly FetchTarget[]; readonly refused: readonly Fetched[] } {
  const isAllowed = permission(request, context);
  const readable: FetchTarget[] = [];
  const refused: Fetched[] = [];
  for (const target of targets) {
    target.topic ??= image.topicsById.get(target.topicId)?.name;
    const { topic, index } = target;
    const code =
      topic === undefined
        ? "UNKNOWN_TOPIC_ID"
        : !isAllowed(topic)
          ? "TOPIC_AUTHORIZATION_FAILED"
          : image.topics.get(topic)?.partitions[index] === undefined
            ? "UNKNOWN_TOPIC_OR_PARTITION"
            : undefined;
    if (code === undefined) readable.push(target);
    else refused.push({ target, answer: unreadable(index, brokerErrorNumber(code)) });
  }
  return { readable, refused };
}

/** Whether a topic may be read, asked once per topic. */
function permission(request: FetchRequest, context: RequestContext): (topic: string) => boolean {
  const replicaId = request.replicaState?.replicaId ?? -1;
  if (Math.max(replicaId, request.replicaId ?? -1) >= 0) {
    const isAllowed = context.isAllowed("CLUSTER_ACTION", "CLUSTER", "kafka-cluster");
    return () => isAllowed;
  }
  const known = new Map<string, boolean>();
  return (topic) => {
    const before = known.get(topic);
    if (before !== undefined) return before;
    const isAllowed = context.isAllowed("READ", "TOPIC", topic);
    known.set(topic, isAllowed);
    return isAllowed;
  };
}

function readerOptions(
  request: FetchRequest,
  { answerBytes }: RequestContext,
  { partitions, logger, settings, controller, readMemory: memory }: BrokerServices,
): FetchReaderOptions {
  const most = Number(controller.brokerConfig("fetch.max.bytes"));
  return {
    partitions,
    logger,
    nodeId: settings.nodeId,
    maxBytes: Math.min(request.maxBytes ?? maxAnswerBytes, most, maxAnswerBytes, answerBytes),
    committed: request.isolationLevel === readCommitted,
    memory,
  };
}

function partitionsOf(targets: readonly FetchTarget[]): Map<Partition, FetchTarget> {
  const found = new Map<Partition, FetchTarget>();
  for (const target of targets) if (target.partition) found.set(target.partition, target);
  return found;
}

function answer(
  begun: Allowed,
  all: readonly Fetched[],
  { apiVersion, listenerName }: RequestContext,
  services: BrokerServices,
) {
  const { fetchSessions } = services;
  const told = begun.kind === "incremental" ? all.filter(isNews) : all;
  for (const { target, answer: found } of told) {
    note(target, found);
    if (found.records.length > 0) target.partition?.traffic.went(found.records);
  }
  if (begun.kind === "incremental") {
    for (const { target, answer: found } of told) {
      if (found.records.length > 0) fetchSessions.rotate(begun.session, target);
    }
  }
  const sessionId =
    begun.kind === "incremental"
      ? begun.session.id
      : begun.kind === "full"
        ? fetchSessions.create(begun.targets, begun.usesTopicIds)
        : 0;
  const isLeaderNamed = told.some(({ answer: found }) => found.currentLeader !== undefined);
  const nodeEndpoints = isLeaderNamed
    ? [{ nodeId: services.settings.nodeId, ...services.endpoint(listenerName) }]
    : [];
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    sessionId,
    responses: byTopic(told, apiVersion),
    nodeEndpoints: apiVersion >= firstVersionWithLeader ? nodeEndpoints : [],
  };
}

/** Whether an incremental answer has to name the partition (`CachedPartition.maybeUpdateResponseData`). */
function isNews({ target, answer: found }: Fetched): boolean {
  return (
    found.records.length > 0 ||
    found.errorCode !== 0 ||
    found.divergingEpoch !== undefined ||
    found.highWatermark !== target.highWatermark ||
    found.logStartOffset !== target.logStartOffset
  );
}

/** Remembers what the client is told; after an error the high watermark counts as untold. */
function note(target: FetchTarget, found: FetchedPartition): void {
  target.highWatermark = found.errorCode === 0 ? found.highWatermark : -1;
  target.logStartOffset = found.logStartOffset;
}

/** Partitions of one topic that follow one another share an entry, as in Kafka's `FetchResponse`. */
function byTopic(told: readonly Fetched[], apiVersion: number) {
  const usesTopicIds = apiVersion >= firstVersionWithTopicIds;
  const topics: { topic: string; topicId: string; partitions: FetchedPartition[] }[] = [];
  for (const { target, answer: found } of told) {
    const topic = target.topic ?? "";
    const topicId = usesTopicIds ? target.topicId : zeroUuid;
    const last = topics.at(-1);
    const isSame = last && (usesTopicIds ? last.topicId === topicId : last.topic === topic);
    const partition = forVersion(found, apiVersion);
    if (isSame) last.partitions.push(partition);
    else topics.push({ topic, topicId, partitions: [partition] });
  }
  return topics;
}

const storageError = brokerErrorNumber("KAFKA_STORAGE_ERROR");

/** The answer as old clients understand it. */
function forVersion(found: FetchedPartition, apiVersion: number): FetchedPartition {
  if (found.errorCode === storageError && apiVersion <= lastVersionWithoutStorageError) {
    return { ...found, errorCode: brokerErrorNumber("NOT_LEADER_OR_FOLLOWER") };
  }
  if (found.currentLeader === undefined || apiVersion >= firstVersionWithLeader) return found;
  const { currentLeader: _, ...rest } = found;
  return rest;
}
