import { type BrokerErrorCode, brokerErrorNumber, isRetriable } from "../../broker-error-code.ts";
import type { MillraceError } from "../../errors.ts";
import type { Cluster } from "../cluster.ts";
import type { PartitionMetadata } from "../metadata.ts";
import { refusal } from "../refusal.ts";
import { mayPass } from "../retry.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";

/** What asking the leaders of partitions came to. */
export interface LeaderAnswers<Answer> {
  /** By `topic-partition`. */
  readonly answered: ReadonlyMap<string, Answer>;
  /** Those that are to be asked again, and why. */
  readonly retry: ReadonlyMap<string, MillraceError>;
}

/** A question to a partition's leader: what is asked, and the leader's epoch as far as it is known. */
export interface Led<Question extends TopicPartition> {
  readonly question: Question;
  readonly leader: PartitionMetadata;
}

/** One partition in an answer. */
export interface PartitionAnswer<Answer> {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly answer: Answer;
}

/**
 * Asks each partition's leader once, all leaders at the same time. Those that did not answer, or no
 * longer lead, are to be asked again after the metadata has been refreshed, which this sees to.
 * Throws what will not pass, such as a missing permission.
 */
export async function askLeaders<Question extends TopicPartition, Answer>(
  cluster: Cluster,
  questions: readonly Question[],
  attempt: string,
  ask: (broker: number, led: readonly Led<Question>[]) => Promise<PartitionAnswer<Answer>[]>,
): Promise<LeaderAnswers<Answer>> {
  const answered = new Map<string, Answer>();
  const retry = new Map<string, MillraceError>();
  const { byLeader, homeless } = await groupByLeader(cluster, questions);
  for (const { topic, partition } of homeless) {
    const name = partitionName(topic, partition);
    const errorNumber = brokerErrorNumber(whyHomeless(cluster, topic, partition));
    retry.set(name, retriableRefusal(errorNumber, `${attempt} of ${name}`));
  }
  await Promise.all(
    [...byLeader].map(async ([broker, led]) => {
      const names = led.map(({ question }) => partitionName(question.topic, question.partition));
      try {
        for (const part of await ask(broker, led)) {
          const name = partitionName(part.topic, part.partition);
          if (part.errorCode === 0) answered.set(name, part.answer);
          else retry.set(name, retriableRefusal(part.errorCode, `${attempt} of ${name}`));
        }
      } catch (error) {
        if (!mayPass(error)) throw error;
        for (const name of names) retry.set(name, error as MillraceError);
      }
    }),
  );
  if (retry.size > 0) await cluster.refresh(topicsOf(questions)).catch(rethrowFinal);
  return { answered, retry };
}

async function groupByLeader<Question extends TopicPartition>(
  cluster: Cluster,
  questions: readonly Question[],
): Promise<{ byLeader: Map<number, Led<Question>[]>; homeless: Question[] }> {
  const { metadata } = cluster;
  const unknown = questions.filter(({ topic }) => metadata.topic(topic) === undefined);
  if (unknown.length > 0) await cluster.refresh(topicsOf(unknown)).catch(rethrowFinal);
  const byLeader = new Map<number, Led<Question>[]>();
  const homeless: Question[] = [];
  for (const question of questions) {
    const leader = metadata.partition(question.topic, question.partition);
    if (!leader || leader.leader < 0) {
      homeless.push(question);
      continue;
    }
    const led = byLeader.get(leader.leader);
    if (led) led.push({ question, leader });
    else byLeader.set(leader.leader, [{ question, leader }]);
  }
  return { byLeader, homeless };
}

/** Why a partition has no leader that could be asked. */
export function whyHomeless(
  { metadata }: Cluster,
  topic: string,
  partition: number,
): BrokerErrorCode {
  if (metadata.partition(topic, partition)) return "LEADER_NOT_AVAILABLE";
  return metadata.errorOf(topic) ?? "UNKNOWN_TOPIC_OR_PARTITION";
}

function retriableRefusal(errorNumber: number, attempt: string): MillraceError {
  const error = refusal(errorNumber, attempt);
  if (isRetriable(error.code)) return error;
  throw error;
}

function topicsOf(partitions: readonly TopicPartition[]): string[] {
  return [...new Set(partitions.map(({ topic }) => topic))];
}

function rethrowFinal(error: unknown): void {
  if (!mayPass(error)) throw error;
}
