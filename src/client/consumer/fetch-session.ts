import { brokerErrorCode } from "../../broker-error-code.ts";
import { type Fetch, type ResponseOf, zeroUuid } from "../../protocol/index.ts";

/** One partition as a fetch asks for it. */
export interface FetchPartition {
  /** `topic-partition`. */
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  /** All zeros if unknown. */
  readonly topicId: string;
  readonly fetchOffset: number;
  /** The epoch of the record before the offset, by which the leader notices a truncation (KIP-595). */
  readonly lastFetchedEpoch: number;
  readonly currentLeaderEpoch: number;
  readonly maxBytes: number;
}

/** What the next request of a session says. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** What is new to the session or has changed; everything, where there is no session. */
  readonly send: readonly FetchPartition[];
  /** What the session had and should no longer have. */
  readonly forget: readonly FetchPartition[];
  /** As they were before: partitions of topics that were made anew and have another id now. */
  readonly replaced: readonly FetchPartition[];
  /** Whether every topic's id is known, without which versions from 13 on cannot be used. */
  readonly usesTopicIds: boolean;
}

/** What became of an answer. */
export type SessionVerdict =
  | { readonly name: "good" }
  /** There is nothing to take from the answer: the next request begins a new session. */
  | { readonly name: "restart"; readonly reason: string; readonly isMoved: boolean };

type FetchAnswer = ResponseOf<typeof Fetch>;

const noSession = 0;
const initialEpoch = 0;
const finalEpoch = -1;
const greatestEpoch = 0x7fffffff;
/** The errors that say that the client's picture of the topics is out of date. */
const topicIdErrors: readonly string[] = [
  "FETCH_SESSION_TOPIC_ID_ERROR",
  "UNKNOWN_TOPIC_ID",
  "INCONSISTENT_TOPIC_ID",
];
const good: SessionVerdict = { name: "good" };

/**
 * The client's side of an incremental fetch session with one broker (KIP-227): the broker remembers
 * what it was asked for, so that requests and answers carry only what has changed. One request at a
 * time: each is followed by its answer or its failure.
 */
export class FetchSession {
  #sessionId = noSession;
  #epoch = initialEpoch;
  #partitions = new Map<string, FetchPartition>();
  #topicNames = new Map<string, string>();

  /** The session's id at the broker, 0 for none. */
  get id(): number {
    return this.#sessionId;
  }

  /** What the broker has been asked for, by `topic-partition`. */
  get partitions(): ReadonlyMap<string, FetchPartition> {
    return this.#partitions;
  }

  /** The next request, so that the broker looks at these partitions and no others. */
  request(wanted: readonly FetchPartition[]): SessionRequest {
    const before = this.#partitions;
    const isFull = this.#epoch === initialEpoch;
    const after = new Map<string, FetchPartition>();
    const send: FetchPartition[] = [];
    const forget: FetchPartition[] = [];
    const replaced: FetchPartition[] = [];
    let usesTopicIds = true;
    for (const partition of wanted) {
      after.set(partition.name, partition);
      if (partition.topicId === zeroUuid) usesTopicIds = false;
      const known = isFull ? undefined : before.get(partition.name);
      if (!known || !isSame(known, partition)) send.push(partition);
      if (known && isOtherTopic(known, partition)) replaced.push(known);
    }
    if (!isFull) {
      for (const [name, partition] of before) {
        if (after.has(name)) continue;
        forget.push(partition);
        if (partition.topicId === zeroUuid) usesTopicIds = false;
      }
    }
    this.#partitions = after;
    this.#topicNames = new Map(wanted.map(({ topicId, topic }) => [topicId, topic]));
    return this.#signed({ send, forget, replaced, usesTopicIds });
  }

  /** The name of a topic in an answer, which has its name or its id; undefined if it was not asked for. */
  topicOf(answered: { readonly topic: string; readonly topicId: string }): string | undefined {
    return answered.topicId === zeroUuid ? answered.topic : this.#topicNames.get(answered.topicId);
  }

  /** Takes in an answer and tells whether its partitions are to be looked at. */
  answered(answer: FetchAnswer): SessionVerdict {
    if (answer.errorCode !== 0) {
      const code = brokerErrorCode(answer.errorCode);
      return this.#restart(code, code !== "FETCH_SESSION_ID_NOT_FOUND");
    }
    const isFull = this.#epoch === initialEpoch;
    const count = this.#countKnown(answer);
    if (count === undefined) return this.#restart("partitions that were not asked for", !isFull);
    if (isFull && count < this.#partitions.size) {
      // A broker that throttles a client answers a full request with nothing (KIP-219).
      return this.#restart("fewer partitions than were asked for", false);
    }
    this.#sessionId = answer.sessionId;
    if (answer.sessionId === noSession) this.#epoch = initialEpoch;
    else this.#epoch = this.#epoch === greatestEpoch ? 1 : this.#epoch + 1;
    return good;
  }

  /** Takes note that a request found no answer: the broker may or may not have seen it. */
  failed(): void {
    this.#restart("no answer", true);
  }

  /** The request that ends the session at the broker; undefined if there is none. */
  close(): SessionRequest | undefined {
    if (this.#sessionId === noSession) return undefined;
    this.#epoch = finalEpoch;
    const request = this.#signed({ send: [], forget: [], replaced: [], usesTopicIds: true });
    this.#restart("closed", false);
    return request;
  }

  #signed(content: Omit<SessionRequest, "sessionId" | "sessionEpoch">): SessionRequest {
    return { ...content, sessionId: this.#sessionId, sessionEpoch: this.#epoch };
  }

  /** Begins anew; with the old id, the broker drops the old session at the same time. */
  #restart(reason: string, replacesOld: boolean): SessionVerdict {
    this.#epoch = initialEpoch;
    if (!replacesOld) this.#sessionId = noSession;
    return { name: "restart", reason, isMoved: topicIdErrors.includes(reason) };
  }

  /** How many partitions the answer has; undefined if one of them was not asked for. */
  #countKnown(answer: FetchAnswer): number | undefined {
    let count = 0;
    for (const topic of answer.responses) {
      const name = this.topicOf(topic);
      if (name === undefined) return undefined;
      for (const { partitionIndex } of topic.partitions) {
        if (!this.#partitions.has(`${name}-${partitionIndex}`)) return undefined;
        count += 1;
      }
    }
    return count;
  }
}

function isSame(left: FetchPartition, right: FetchPartition): boolean {
  return (
    left.fetchOffset === right.fetchOffset &&
    left.lastFetchedEpoch === right.lastFetchedEpoch &&
    left.currentLeaderEpoch === right.currentLeaderEpoch &&
    left.maxBytes === right.maxBytes &&
    left.topicId === right.topicId
  );
}

function isOtherTopic(left: FetchPartition, right: FetchPartition): boolean {
  return left.topicId !== right.topicId && left.topicId !== zeroUuid && right.topicId !== zeroUuid;
}
