import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Fetch, type ResponseOf, zeroUuid } from "../../protocol/index.ts";
import { type FetchPartition, FetchSession, type SessionRequest } from "./fetch-session.ts";

type Answer = ResponseOf<typeof Fetch>;

const ordersId = "11111111-1111-1111-1111-111111111111";
const ordersAnewId = "22222222-2222-2222-2222-222222222222";

function asked(partition: number, fetchOffset = 0, topicId = ordersId): FetchPartition {
  return {
    name: `orders-${partition}`,
    topic: "orders",
    partition,
    topicId,
    fetchOffset,
    lastFetchedEpoch: -1,
    currentLeaderEpoch: 0,
    maxBytes: 1_000,
  };
}

function answer(
  partitions: readonly number[],
  { sessionId = 7, errorCode = 0, topicId = ordersId } = {},
): Answer {
  const empty = {
    errorCode: 0,
    highWatermark: 0,
    lastStableOffset: 0,
    logStartOffset: 0,
    divergingEpoch: { epoch: -1, endOffset: -1 },
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
    snapshotId: { endOffset: -1, epoch: -1 },
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: null,
  };
  const listed = partitions.map((partitionIndex) => ({ ...empty, partitionIndex }));
  const responses = listed.length > 0 ? [{ topic: "", topicId, partitions: listed }] : [];
  return { throttleTimeMs: 0, errorCode, sessionId, responses, nodeEndpoints: [] };
}

const numbers = (partitions: readonly FetchPartition[]) => partitions.map((one) => one.partition);

function established(): FetchSession {
  const session = new FetchSession();
  session.request([asked(0), asked(1)]);
  session.answered(answer([0, 1]));
  return session;
}

test("the first request names everything, the next ones only what has changed", () => {
  const session = new FetchSession();
  const first = session.request([asked(0), asked(1)]);
  assert.deepEqual([first.sessionId, first.sessionEpoch, numbers(first.send)], [0, 0, [0, 1]]);
  assert.equal(session.answered(answer([0, 1])).name, "good");
  const second = session.request([asked(0, 5), asked(1), asked(2)]);
  assert.deepEqual([second.sessionId, second.sessionEpoch, numbers(second.send)], [7, 1, [0, 2]]);
  assert.deepEqual(second.forget, []);
  session.answered(answer([]));
  const third = session.request([asked(0, 5)]);
  assert.deepEqual([third.sessionEpoch, third.send, numbers(third.forget)], [2, [], [1, 2]]);
});

test("a broker that opens no session is told everything each time", () => {
  const session = new FetchSession();
  session.request([asked(0)]);
  session.answered(answer([0], { sessionId: 0 }));
  const next = session.request([asked(0)]);
  assert.deepEqual([next.sessionId, next.sessionEpoch, numbers(next.send)], [0, 0, [0]]);
});

test("a session that the broker has forgotten is begun anew without it", () => {
  const session = established();
  session.request([asked(0), asked(1)]);
  const verdict = session.answered(answer([], { errorCode: 70 }));
  assert.equal(verdict.name, "restart");
  const next = session.request([asked(0), asked(1)]);
  assert.deepEqual([next.sessionId, next.sessionEpoch, numbers(next.send)], [0, 0, [0, 1]]);
});

test("after an error or a lost answer a new session replaces the old one", () => {
  for (const end of [
    (session: FetchSession) => session.failed(),
    (session: FetchSession) => void session.answered(answer([], { errorCode: 71 })),
  ]) {
    const session = established();
    session.request([asked(0), asked(1)]);
    end(session);
    const next = session.request([asked(0), asked(1)]);
    assert.deepEqual([next.sessionId, next.sessionEpoch, numbers(next.send)], [7, 0, [0, 1]]);
  }
});

test("an error about topic ids says that metadata is out of date", () => {
  const session = established();
  session.request([asked(0)]);
  const verdict = session.answered(answer([], { errorCode: 106 }));
  assert.ok(verdict.name === "restart" && verdict.isMoved);
});

test("an answer that lacks partitions, or has others, is not looked at", () => {
  const lacking = new FetchSession();
  lacking.request([asked(0), asked(1)]);
  assert.equal(lacking.answered(answer([0])).name, "restart");
  const other = established();
  other.request([asked(0), asked(1)]);
  assert.equal(other.answered(answer([5])).name, "restart");
  const unknown = established();
  unknown.request([asked(0), asked(1)]);
  assert.equal(unknown.answered(answer([0], { topicId: ordersAnewId })).name, "restart");
});

test("a topic that was made anew is sent under its new id and given up under the old one", () => {
  const session = established();
  const next = session.request([asked(0, 0, ordersAnewId), asked(1)]);
  assert.deepEqual(numbers(next.send), [0]);
  assert.deepEqual(
    next.replaced.map(({ topicId }) => topicId),
    [ordersId],
  );
  assert.deepEqual(next.forget, []);
});

test("topic ids are used only where all of them are known", () => {
  const session = new FetchSession();
  assert.equal(session.request([asked(0)]).usesTopicIds, true);
  assert.equal(session.request([asked(0), asked(1, 0, zeroUuid)]).usesTopicIds, false);
});

test("closing ends the session at the broker, if there is one", () => {
  assert.equal(new FetchSession().close(), undefined);
  const closing = established().close();
  assert.deepEqual([closing?.sessionId, closing?.sessionEpoch, closing?.send], [7, -1, []]);
});

test("each answered request raises the epoch, by which the broker notices a lost one", () => {
  const session = established();
  let last: SessionRequest | undefined;
  for (let turn = 0; turn < 3; turn += 1) {
    last = session.request([asked(0), asked(1)]);
    session.answered(answer([]));
  }
  assert.equal(last?.sessionEpoch, 3);
});

test("whatever is wanted and lost, the broker ends up with what was wanted last", () => {
  const round = fc.record({
    wanted: fc.uniqueArray(fc.tuple(fc.nat(6), fc.nat(3)), { selector: ([index]) => index }),
    fate: fc.constantFrom("answered", "answered", "lost before", "lost after", "forgotten"),
  });
  fc.assert(
    fc.property(fc.array(round, { maxLength: 25 }), (rounds) => {
      const session = new FetchSession();
      const broker = new BrokerSessions();
      for (const { wanted, fate } of rounds) {
        const request = session.request(wanted.map(([index, offset]) => asked(index, offset)));
        if (fate === "lost before") {
          session.failed();
          continue;
        }
        if (fate === "forgotten") broker.forget();
        const errorCode = broker.take(request);
        if (fate === "lost after") {
          session.failed();
          continue;
        }
        const full = request.sessionEpoch === 0 ? wanted.map(([index]) => index) : [];
        session.answered(answer(full, { errorCode, sessionId: broker.id }));
        if (errorCode === 0) assert.deepEqual(broker.offsets, new Map(wanted));
      }
    }),
  );
});

/** A broker's side of KIP-227, for one client. */
class BrokerSessions {
  id = 0;
  offsets = new Map<number, number>();
  #epoch = 0;

  forget(): void {
    this.id = 0;
    this.#epoch = 0;
  }

  /** Takes a request in and gives the answer's error. */
  take({ sessionId, sessionEpoch, send, forget }: SessionRequest): number {
    if (sessionEpoch === 0) {
      this.id = Math.max(this.id, sessionId) + 1;
      this.#epoch = 1;
      this.offsets = new Map();
    } else {
      if (sessionId !== this.id) return 70;
      if (sessionEpoch !== this.#epoch) return 71;
      this.#epoch += 1;
    }
    for (const { partition, fetchOffset } of send) this.offsets.set(partition, fetchOffset);
    for (const { partition } of forget) this.offsets.delete(partition);
    return 0;
  }
}
