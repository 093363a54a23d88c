import { brokerErrorNumber } from "../src/broker-error-code.ts";
import { Fetch } from "../src/protocol/apis/fetch.ts";
import { ListOffsets } from "../src/protocol/apis/list-offsets.ts";
import { OffsetForLeaderEpoch } from "../src/protocol/apis/offset-for-leader-epoch.ts";
import { zeroUuid } from "../src/protocol/bytes.ts";
import { ScriptedCluster, type ScriptedTopic } from "./scripted-cluster.ts";
import { ScriptedLog } from "./scripted-log.ts";

interface AskedPartition {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly partitionMaxBytes: number;
}

/** What a partition's part of a fetch's answer says. */
interface Answered {
  readonly errorCode?: number;
  readonly divergingEpoch?: { readonly epoch: number; readonly endOffset: number };
  readonly currentLeader?: { readonly leaderId: number; readonly leaderEpoch: number };
  readonly records?: Buffer;
}

const startTimestamp = -2;
const endTimestamp = -1;

/**
 * The logs of a scripted cluster's topics, and what its brokers say of them: fetches with long polls,
 * offsets of places, ends of epochs. There are no fetch sessions.
 */
export class ScriptedLogs {
  readonly scripted: ScriptedCluster;
  /** Errors that fetches of a partition are answered with, by `topic-partition`. */
  readonly errors = new Map<string, number>();
  /** Whether a broker that does not lead tells who does (KIP-951). */
  tellsLeaders = false;
  readonly #logs = new Map<string, ScriptedLog>();

  constructor(topics: readonly ScriptedTopic[], brokers: readonly number[] = [1]) {
    this.scripted = new ScriptedCluster(brokers);
    this.scripted.topics = topics;
    this.scripted
      .on(Fetch, async (request, { broker }) => {
        const isCommitted = request.isolationLevel === 1;
        const answer = () => {
          const responses = request.topics.map(({ topic, topicId, partitions }) => ({
            topic,
            topicId,
            partitions: partitions.map((one) =>
              this.#fetch(this.#nameOf(topic, topicId), one, broker, isCommitted),
            ),
          }));
          return { sessionId: 0, responses, nodeEndpoints: this.#endpoints() };
        };
        const first = answer();
        if (first.responses.some(({ partitions }) => partitions.some(isNews))) return first;
        await this.scripted.clock.sleep(Math.max(1, request.maxWaitMs));
        return answer();
      })
      .on(ListOffsets, ({ topics: asked }) => ({
        topics: asked.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, timestamp }) => ({
            partitionIndex,
            errorCode: 0,
            offset: this.#offsetAt(this.log(name, partitionIndex), timestamp),
          })),
        })),
      }))
      .on(OffsetForLeaderEpoch, ({ topics: asked }) => ({
        topics: asked.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, leaderEpoch }) => ({
            errorCode: 0,
            partition,
            ...this.log(topic, partition).epochEnd(leaderEpoch),
          })),
        })),
      }));
  }

  /** The log of a partition. */
  log(topic: string, partition = 0): ScriptedLog {
    const name = `${topic}-${partition}`;
    let log = this.#logs.get(name);
    if (!log) {
      log = new ScriptedLog();
      this.#logs.set(name, log);
    }
    return log;
  }

  /** Has another broker lead a partition, in the next epoch. */
  move(topic: string, partition: number, leader: number): void {
    const log = this.log(topic, partition);
    log.leaderEpoch += 1;
    this.scripted.topics = this.scripted.topics.map((one) => {
      if (one.name !== topic) return one;
      const leaderEpochs = one.leaders.map((_, index) => this.log(topic, index).leaderEpoch);
      return { ...one, leaders: one.leaders.with(partition, leader), leaderEpochs };
    });
  }

  #fetch(topic: string, asked: AskedPartition, broker: number, isCommitted: boolean) {
    const log = this.log(topic, asked.partition);
    return {
      partitionIndex: asked.partition,
      errorCode: 0,
      highWatermark: log.endOffset,
      lastStableOffset: log.lastStableOffset,
      logStartOffset: log.startOffset,
      abortedTransactions: isCommitted ? log.abortedFrom(asked.fetchOffset) : null,
      records: null,
      ...this.#answerTo(topic, asked, broker, isCommitted),
    };
  }

  #answerTo(topic: string, asked: AskedPartition, broker: number, isCommitted: boolean): Answered {
    const { partition, fetchOffset, lastFetchedEpoch, partitionMaxBytes } = asked;
    const log = this.log(topic, partition);
    const { leaderEpoch, startOffset, endOffset, lastStableOffset } = log;
    const error = this.errors.get(`${topic}-${partition}`);
    if (error !== undefined) return { errorCode: error };
    const leaderId = this.scripted.topics.find(({ name }) => name === topic)?.leaders[partition];
    if (leaderId !== broker) {
      const errorCode = brokerErrorNumber("NOT_LEADER_OR_FOLLOWER");
      const isTold = this.tellsLeaders && leaderId !== undefined;
      return { errorCode, ...(isTold ? { currentLeader: { leaderId, leaderEpoch } } : {}) };
    }
    if (lastFetchedEpoch >= 0) {
      const end = log.epochEnd(lastFetchedEpoch);
      if (end.endOffset < fetchOffset) {
        return { divergingEpoch: { epoch: end.leaderEpoch, endOffset: end.endOffset } };
      }
    }
    if (fetchOffset < startOffset || fetchOffset > endOffset) {
      return { errorCode: brokerErrorNumber("OFFSET_OUT_OF_RANGE") };
    }
    const limit = isCommitted ? lastStableOffset : endOffset;
    return { records: log.read(fetchOffset, limit, partitionMaxBytes) };
  }

  #nameOf(topic: string, topicId: string): string {
    if (topicId === zeroUuid) return topic;
    return this.scripted.topics.find(({ id }) => id === topicId)?.name ?? topic;
  }

  #endpoints() {
    if (!this.tellsLeaders) return [];
    return this.scripted.brokers.map((id) => ({ ...ScriptedCluster.address(id), rack: null }));
  }

  #offsetAt(log: ScriptedLog, timestamp: number): number {
    if (timestamp === startTimestamp) return log.startOffset;
    return timestamp === endTimestamp ? log.endOffset : log.offsetAt(timestamp);
  }
}

/** Whether a part of an answer is worth not waiting any longer. */
function isNews({
  records,
  errorCode,
  divergingEpoch,
}: {
  readonly records: Buffer | null;
  readonly errorCode: number;
  readonly divergingEpoch?: unknown;
}): boolean {
  return errorCode !== 0 || divergingEpoch !== undefined || (records?.length ?? 0) > 0;
}
