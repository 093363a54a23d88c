import { OffsetForLeaderEpoch } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import type { TopicPartition } from "../topic-partition.ts";
import {
  askLeaders,
  type LeaderAnswers,
  type Led,
  type PartitionAnswer,
} from "./leader-requests.ts";
import type { EpochEnd } from "./position.ts";

/** A leader epoch whose end is wanted. */
export interface EpochQuestion extends TopicPartition {
  readonly leaderEpoch: number;
}

const consumerReplica = -1;

/**
 * Asks the partitions' leaders once where these epochs end (KIP-320). Rejects with
 * `UNSUPPORTED_VERSION` where a broker is older than Kafka 2.3 and asks for permissions that a
 * consumer need not have.
 */
export function askEpochEnds(
  cluster: Cluster,
  questions: readonly EpochQuestion[],
): Promise<LeaderAnswers<EpochEnd>> {
  return askLeaders(cluster, questions, "validating the position", async (broker, led) => {
    const answer = await cluster.request(broker, OffsetForLeaderEpoch, {
      replicaId: consumerReplica,
      topics: byTopic(led),
    });
    return answer.topics.flatMap(({ topic, partitions }) =>
      partitions.map(
        ({ partition, errorCode, leaderEpoch, endOffset }): PartitionAnswer<EpochEnd> => ({
          topic,
          partition,
          errorCode,
          answer: { leaderEpoch, endOffset },
        }),
      ),
    );
  });
}

function byTopic(led: readonly Led<EpochQuestion>[]) {
  const topics = Map.groupBy(led, ({ question }) => question.topic);
  return [...topics].map(([topic, epochs]) => ({
    topic,
    partitions: epochs.map(({ question, leader }) => ({
      partition: question.partition,
      currentLeaderEpoch: leader.leaderEpoch,
      leaderEpoch: question.leaderEpoch,
    })),
  }));
}
