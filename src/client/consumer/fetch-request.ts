import type { Fetch, RequestOf } from "../../protocol/index.ts";
import type { FetchPartition, SessionRequest } from "./fetch-session.ts";
import { type Isolation, isolationNumber } from "./offset-reset.ts";

/** What a fetch asks for besides its partitions. */
export interface FetchTerms {
  /** How long the broker may hold the request back, in milliseconds, until `minBytes` are there. */
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** How large the answer may be; a first batch that is larger comes nevertheless (KIP-74). */
  readonly maxBytes: number;
  readonly isolation: Isolation;
}

const consumerReplica = -1;
/** From this version on topics go by their ids. */
const topicIdsFrom = 13;

/** The newest version that a request can use: topic ids are needed from 13 on; undefined for no cap. */
export function newestFetchVersion({ usesTopicIds }: SessionRequest): number | undefined {
  return usesTopicIds ? undefined : topicIdsFrom - 1;
}

/** The body of a Fetch request. */
export function fetchBody(
  request: SessionRequest,
  terms: FetchTerms,
  version: number,
): RequestOf<typeof Fetch> {
  // By name, a topic that was made anew is still the same one: it must not be forgotten.
  const forgotten =
    version >= topicIdsFrom ? [...request.forget, ...request.replaced] : request.forget;
  return {
    ...(version < 15 ? { replicaId: consumerReplica } : {}),
    maxWaitMs: terms.maxWaitMs,
    minBytes: terms.minBytes,
    maxBytes: terms.maxBytes,
    isolationLevel: isolationNumber(terms.isolation),
    sessionId: request.sessionId,
    sessionEpoch: request.sessionEpoch,
    topics: topicsOf(request.send, version),
    forgottenTopicsData: byTopic(forgotten).map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: partitions.map(({ partition }) => partition),
    })),
  };
}

function topicsOf(send: readonly FetchPartition[], version: number) {
  return byTopic(send).map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map((one) => ({
      partition: one.partition,
      currentLeaderEpoch: one.currentLeaderEpoch,
      fetchOffset: one.fetchOffset,
      ...(version < 12 ? {} : { lastFetchedEpoch: one.lastFetchedEpoch }),
      partitionMaxBytes: one.maxBytes,
    })),
  }));
}

/** Partitions that follow one another in the same topic share its entry, which keeps their order. */
function byTopic(partitions: readonly FetchPartition[]) {
  const topics: { topic: string; topicId: string; partitions: FetchPartition[] }[] = [];
  for (const one of partitions) {
    const last = topics.at(-1);
    if (last && last.topic === one.topic && last.topicId === one.topicId) last.partitions.push(one);
    else topics.push({ topic: one.topic, topicId: one.topicId, partitions: [one] });
  }
  return topics;
}
