import type { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { Partition } from "./partition.ts";

/** One partition that a client fetches from: what it asked for last, and what it was told last. */
export interface FetchTarget {
  /** Undefined while nothing is known by the topic's id. */
  topic: string | undefined;
  readonly topicId: string;
  readonly index: number;
  fetchOffset: number;
  maxBytes: number;
  /** −1 where the client does not know. */
  currentLeaderEpoch: number;
  /** −1 where the client does not tell. */
  lastFetchedEpoch: number;
  /** As the client was told last; −1 where it was not, or in an answer with an error. */
  highWatermark: number;
  logStartOffset: number;
  /** The partition as it was found last; to be looked up again once it is gone. */
  partition: Partition | undefined;
}

/** What a session has to know of a fetch request. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** From Fetch version 13 on topics go by id. */
  readonly usesTopicIds: boolean;
  readonly targets: readonly FetchTarget[];
  readonly forgotten: readonly {
    readonly topic: string;
    readonly topicId: string;
    readonly index: number;
  }[];
}

/** How one fetch is to be treated. */
export type FetchContext =
  /** Answers with all partitions, and keeps no session. */
  | { readonly kind: "sessionless"; readonly targets: readonly FetchTarget[] }
  /** Answers with all partitions, and begins a session where there is room. */
  | {
      readonly kind: "full";
      readonly targets: readonly FetchTarget[];
      readonly usesTopicIds: boolean;
    }
  /** Answers with what has changed. */
  | { readonly kind: "incremental"; readonly session: FetchSession }
  | {
      readonly kind: "refused";
      readonly code:
        | "FETCH_SESSION_ID_NOT_FOUND"
        | "INVALID_FETCH_SESSION_EPOCH"
        | "FETCH_SESSION_TOPIC_ID_ERROR";
    };

/** What a client fetches again and again, so that its requests need only say what has changed (KIP-227). */
export interface FetchSession {
  readonly id: number;
  readonly usesTopicIds: boolean;
  readonly createdAt: number;
  /** By topic and index, in the order in which they are read; who was served goes to the end. */
  readonly targets: Map<string, FetchTarget>;
  epoch: number;
}

const initialEpoch = 0;
const finalEpoch = -1;
const maxInt32 = 0x7fffffff;
/** How long a session is safe from being displaced (`MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`). */
const evictionMs = 120_000;

/**
 * The fetch sessions of all clients (`FetchManager`, `FetchSessionCache`): at most
 * `max.incremental.fetch.session.cache.slots`; a new one displaces one that has been silent for two
 * minutes, or an old one with fewer partitions. Who gets none fetches in full each time.
 */
export class FetchSessions {
  readonly #slots: number;
  readonly #clock: Clock;
  readonly #random: Random;
  /** In the order of their last use, the longest silent first. */
  readonly #sessions = new Map<number, { readonly session: FetchSession; usedAt: number }>();

  constructor({
    slots,
    clock,
    random,
  }: {
    readonly slots: number;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.#slots = slots;
    this.#clock = clock;
    this.#random = random;
  }

  /** How many sessions there are. */
  get count(): number {
    return this.#sessions.size;
  }

  /** Takes in a request, and says how it is to be treated. */
  begin(request: SessionRequest): FetchContext {
    const { sessionId, sessionEpoch, usesTopicIds, targets } = request;
    if (sessionEpoch === initialEpoch || sessionEpoch === finalEpoch) {
      this.#sessions.delete(sessionId);
      if (sessionEpoch === finalEpoch) return { kind: "sessionless", targets };
      return { kind: "full", targets, usesTopicIds };
    }
    const slot = this.#sessions.get(sessionId);
    if (slot === undefined) return { kind: "refused", code: "FETCH_SESSION_ID_NOT_FOUND" };
    const { session } = slot;
    if (session.epoch !== sessionEpoch) {
      return { kind: "refused", code: "INVALID_FETCH_SESSION_EPOCH" };
    }
    if (session.usesTopicIds !== usesTopicIds) {
      return { kind: "refused", code: "FETCH_SESSION_TOPIC_ID_ERROR" };
    }
    update(session, request);
    this.#sessions.delete(sessionId);
    if (session.targets.size === 0) return { kind: "sessionless", targets };
    this.#sessions.set(sessionId, slot);
    slot.usedAt = this.#clock.elapsed();
    session.epoch = session.epoch === maxInt32 ? 1 : session.epoch + 1;
    return { kind: "incremental", session };
  }

  /** Begins a session with partitions that have just been answered; gives its id, or 0 where there is no room. */
  create(targets: readonly FetchTarget[], usesTopicIds: boolean): number {
    const byKey = new Map(targets.map((target) => [keyOf(target, usesTopicIds), target]));
    const now = this.#clock.elapsed();
    if (this.#slots <= 0) return 0;
    if (this.#sessions.size >= this.#slots && !this.#evict(byKey.size, now)) return 0;
    const id = this.#newId();
    const session = { id, usesTopicIds, createdAt: now, targets: byKey, epoch: initialEpoch + 1 };
    this.#sessions.set(id, { session, usedAt: now });
    return id;
  }

  /** Puts a partition that was served behind the others, so that all get their turn. */
  rotate(session: FetchSession, target: FetchTarget): void {
    const key = keyOf(target, session.usesTopicIds);
    session.targets.delete(key);
    session.targets.set(key, target);
  }

  #evict(size: number, now: number): boolean {
    const [longestSilent] = this.#sessions.values();
    if (longestSilent && now - longestSilent.usedAt > evictionMs) {
      return this.#sessions.delete(longestSilent.session.id);
    }
    let smallest: FetchSession | undefined;
    for (const { session } of this.#sessions.values()) {
      if (now - session.createdAt <= evictionMs) continue;
      if (!smallest || session.targets.size < smallest.targets.size) smallest = session;
    }
    if (!smallest || size < smallest.targets.size) return false;
    return this.#sessions.delete(smallest.id);
  }

  #newId(): number {
    for (;;) {
      const id = 1 + this.#random.below(maxInt32 - 1);
      if (!this.#sessions.has(id)) return id;
    }
  }
}

function update(session: FetchSession, { targets, forgotten, usesTopicIds }: SessionRequest): void {
  for (const target of targets) {
    const key = keyOf(target, usesTopicIds);
    const known = session.targets.get(key);
    if (known === undefined) {
      session.targets.set(key, target);
      continue;
    }
    known.fetchOffset = target.fetchOffset;
    known.maxBytes = target.maxBytes;
    known.currentLeaderEpoch = target.currentLeaderEpoch;
    known.lastFetchedEpoch = target.lastFetchedEpoch;
  }
  for (const partition of forgotten) session.targets.delete(keyOf(partition, usesTopicIds));
}

function keyOf(
  target: { readonly topic: string | undefined; readonly topicId: string; readonly index: number },
  usesTopicIds: boolean,
): string {
  return `${usesTopicIds ? target.topicId : target.topic}:${target.index}`;
}
