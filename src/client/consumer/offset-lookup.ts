import { ListOffsets } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { type Bound, bounded } from "../deadline.ts";
import { retrying } from "../retry.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";
import {
  askLeaders,
  type LeaderAnswers,
  type Led,
  type PartitionAnswer,
} from "./leader-requests.ts";
import { type Isolation, isolationNumber, type LogPlace, placeTimestamp } from "./offset-reset.ts";

/** A place in a partition's log. */
export interface PlaceQuestion extends TopicPartition {
  readonly place: LogPlace;
}

/** Where a place is. */
export interface FoundOffset {
  /** −1 if no record is as young as the timestamp that was asked for. */
  readonly offset: number;
  /** The timestamp of the record there, in milliseconds since 1970; −1 for the log's start and end. */
  readonly timestamp: number;
  /** −1 where the broker does not tell. */
  readonly leaderEpoch: number;
}

/** Version 4 is the first that knows leader epochs, 10 the first with a timeout; older ones leave both out. */
const consumerReplica = -1;

/** Asks the partitions' leaders once where these places are. */
export function askOffsets(
  cluster: Cluster,
  questions: readonly PlaceQuestion[],
  isolation: Isolation,
): Promise<LeaderAnswers<FoundOffset>> {
  return askLeaders(cluster, questions, "looking up an offset", async (broker, led) => {
    const answer = await cluster.request(broker, ListOffsets, {
      replicaId: consumerReplica,
      isolationLevel: isolationNumber(isolation),
      topics: byTopic(led),
      timeoutMs: cluster.settings.requestTimeoutMs,
    });
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(
        ({
          partitionIndex,
          errorCode,
          offset,
          timestamp,
          leaderEpoch,
        }): PartitionAnswer<FoundOffset> => ({
          topic: name,
          partition: partitionIndex,
          errorCode,
          answer: { offset, timestamp, leaderEpoch },
        }),
      ),
    );
  });
}

/** Looks up where these places are, by `topic-partition`, trying again until the bound is reached. */
export async function lookUpOffsets(
  cluster: Cluster,
  questions: readonly PlaceQuestion[],
  isolation: Isolation,
  bound: Bound,
): Promise<ReadonlyMap<string, FoundOffset>> {
  const found = new Map<string, FoundOffset>();
  let open = questions;
  await retrying(cluster.host, cluster.settings, bound, async (timeoutMs) => {
    const asking = askOffsets(cluster, open, isolation);
    const { answered, retry } = await bounded(cluster.host.clock, asking, { ...bound, timeoutMs });
    for (const [name, offset] of answered) found.set(name, offset);
    open = open.filter(({ topic, partition }) => !found.has(partitionName(topic, partition)));
    const [failure] = retry.values();
    if (failure) throw failure;
  });
  return found;
}

function byTopic(led: readonly Led<PlaceQuestion>[]) {
  const topics = Map.groupBy(led, ({ question }) => question.topic);
  return [...topics].map(([name, places]) => ({
    name,
    partitions: places.map(({ question, leader }) => ({
      partitionIndex: question.partition,
      currentLeaderEpoch: leader.leaderEpoch,
      timestamp: placeTimestamp(question.place),
    })),
  }));
}
