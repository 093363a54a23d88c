import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { ListOffsets, type RequestOf } from "../../protocol/index.ts";
import { checkLeaderEpoch } from "../fetch-reader.ts";
import type { TimestampAndOffset } from "../log/segment.ts";
import type { Partition } from "../partition.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type Question = RequestOf<typeof ListOffsets>["topics"][number]["partitions"][number];

/** Timestamps that are commands (`ListOffsetsRequest`). */
const latest = -1;
const earliest = -2;
const maxTimestamp = -3;
const earliestLocal = -4;
const latestTiered = -5;
const earliestPendingUpload = -6;

/** The first version of the API that knows a command. */
const knownSince: ReadonlyMap<number, number> = new Map([
  [latest, 1],
  [earliest, 1],
  [maxTimestamp, 7],
  [earliestLocal, 8],
  [latestTiered, 9],
  [earliestPendingUpload, 11],
]);

const consumerReplica = -1;
const readCommitted = 1;
const firstVersionWithEpoch = 4;
const unknown: TimestampAndOffset = { timestamp: -1, offset: -1, leaderEpoch: -1 };

/**
 * ListOffsets 1 to 11. There is no tiered storage, so the earliest local offset is the earliest, and
 * nothing is tiered or about to be.
 */
export const listOffsets = handler(ListOffsets, (request, context, services) => {
  const { apiVersion } = context;
  const isTwice = duplicates(request.topics);
  const limitOf = ({ log }: Partition) =>
    request.replicaId !== consumerReplica
      ? log.logEndOffset
      : request.isolationLevel === readCommitted
        ? log.lastStableOffset
        : log.highWatermark;
  const topics = request.topics.map(({ name, partitions }) => {
    const isAllowed = context.isAllowed("DESCRIBE", "TOPIC", name);
    const answers = partitions.map((question) => {
      const { partitionIndex, timestamp } = question;
      const isCommand = timestamp < 0;
      const isKnown = !isCommand || apiVersion >= (knownSince.get(timestamp) ?? Infinity);
      const code = !isAllowed
        ? "TOPIC_AUTHORIZATION_FAILED"
        : isTwice(name, partitionIndex)
          ? "INVALID_REQUEST"
          : isKnown
            ? undefined
            : "UNSUPPORTED_VERSION";
      if (code) return { partitionIndex, errorCode: brokerErrorNumber(code) };
      return answer(name, question, apiVersion, limitOf, services);
    });
    return { name, partitions: answers };
  });
  return { topics };
});

function answer(
  topic: string,
  question: Question,
  apiVersion: number,
  limitOf: (partition: Partition) => number,
  { partitions, logger }: BrokerServices,
) {
  const { partitionIndex } = question;
  try {
    const partition = partitions.getOrThrow(topic, partitionIndex);
    checkLeaderEpoch(question.currentLeaderEpoch ?? -1, partition);
    const found = find(partition, question.timestamp, limitOf(partition));
    const { timestamp, offset, leaderEpoch } = found;
    const epoch = apiVersion >= firstVersionWithEpoch ? { leaderEpoch } : {};
    return { partitionIndex, errorCode: 0, timestamp, offset, ...epoch };
  } catch (error) {
    if (error instanceof BrokerError) {
      return { partitionIndex, errorCode: brokerErrorNumber(error.code) };
    }
    logger.error({ topic, partition: partitionIndex, error }, "an offset could not be looked up");
    return { partitionIndex, errorCode: brokerErrorNumber("UNKNOWN_SERVER_ERROR") };
  }
}

/** `limit` is the end of what the client may read: what lies at or behind it counts as not there. */
function find(partition: Partition, timestamp: number, limit: number): TimestampAndOffset {
  const { log, leaderEpoch } = partition;
  switch (timestamp) {
    case latest:
      return { timestamp: -1, offset: limit, leaderEpoch };
    case earliest:
    case earliestLocal: {
      const offset = log.logStartOffset;
      return { timestamp: -1, offset, leaderEpoch: log.epochAt(offset) ?? -1 };
    }
    case latestTiered:
    case earliestPendingUpload:
      return unknown;
    default: {
      const found =
        timestamp === maxTimestamp ? log.maxTimestamp() : log.offsetForTimestamp(timestamp);
      return found === undefined || found.offset >= limit ? unknown : found;
    }
  }
}

function duplicates(
  topics: RequestOf<typeof ListOffsets>["topics"],
): (name: string, index: number) => boolean {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name, partitions } of topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}:${partitionIndex}`;
      if (seen.has(key)) twice.add(key);
      seen.add(key);
    }
  }
  return (name, index) => twice.has(`${name}:${index}`);
}
