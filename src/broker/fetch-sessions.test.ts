import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../test/virtual-clock.ts";
import { systemRandom } from "../random.ts";
import { FetchSessions, type FetchTarget, type SessionRequest } from "./fetch-sessions.ts";

function target(index: number, fetchOffset = 0): FetchTarget {
  return {
    topic: "t",
    topicId: "",
    index,
    fetchOffset,
    maxBytes: 1,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    highWatermark: -1,
    logStartOffset: -1,
    partition: undefined,
  };
}

function request(sessionId: number, sessionEpoch: number, rest: Partial<SessionRequest> = {}) {
  return { sessionId, sessionEpoch, usesTopicIds: false, targets: [], forgotten: [], ...rest };
}

function newSessions(slots: number) {
  const clock = new VirtualClock();
  return { clock, sessions: new FetchSessions({ slots, clock, random: systemRandom }) };
}

test("a session takes in what changes and forgets what is forgotten", () => {
  const { sessions } = newSessions(10);
  const id = sessions.create([target(0), target(1)], false);
  const forgotten = [{ topic: "t", topicId: "", index: 0 }];
  const begun = sessions.begin(request(id, 1, { targets: [target(1, 7), target(2)], forgotten }));
  assert.ok(begun.kind === "incremental");
  assert.deepEqual(
    [...begun.session.targets.values()].map(({ index, fetchOffset }) => [index, fetchOffset]),
    [
      [1, 7],
      [2, 0],
    ],
  );
  assert.equal(begun.session.epoch, 2);
});

test("a session that has no partitions left ends", () => {
  const { sessions } = newSessions(10);
  const id = sessions.create([target(0)], false);
  const forgotten = [{ topic: "t", topicId: "", index: 0 }];
  assert.equal(sessions.begin(request(id, 1, { forgotten })).kind, "sessionless");
  assert.equal(sessions.count, 0);
});

test("a full fetch ends the session it names, and one with the final epoch begins no other", () => {
  const { sessions } = newSessions(10);
  const first = sessions.create([target(0)], false);
  assert.equal(sessions.begin(request(first, 0)).kind, "full");
  const second = sessions.create([target(0)], false);
  assert.equal(sessions.begin(request(second, -1)).kind, "sessionless");
  assert.equal(sessions.count, 0);
});

test("a session by names is not open to a fetch by ids", () => {
  const { sessions } = newSessions(10);
  const id = sessions.create([target(0)], false);
  const begun = sessions.begin(request(id, 1, { usesTopicIds: true }));
  assert.deepEqual(begun, { kind: "refused", code: "FETCH_SESSION_TOPIC_ID_ERROR" });
});

test("a full house takes nobody in, until one has been silent for two minutes", async () => {
  const { sessions, clock } = newSessions(2);
  const first = sessions.create([target(0)], false);
  const second = sessions.create([target(0)], false);
  assert.equal(sessions.create([target(0)], false), 0);
  await clock.sleep(100_000);
  sessions.begin(request(first, 1, { targets: [target(0, 1)] }));
  await clock.sleep(30_000);
  assert.notEqual(sessions.create([target(0)], false), 0);
  assert.equal(sessions.begin(request(second, 1)).kind, "refused");
  assert.equal(sessions.begin(request(first, 2)).kind, "incremental");
});

test("an old session gives way to one with more partitions, but not to a smaller one", async () => {
  const { sessions, clock } = newSessions(1);
  const first = sessions.create([target(0), target(1)], false);
  await clock.sleep(119_000);
  sessions.begin(request(first, 1, { targets: [target(0)] }));
  await clock.sleep(2_000);
  assert.equal(sessions.create([target(0)], false), 0);
  assert.notEqual(sessions.create([target(0), target(1), target(2)], false), 0);
  assert.equal(sessions.count, 1);
});

test("where there are no slots nobody gets a session", () => {
  const { sessions } = newSessions(0);
  assert.equal(sessions.create([target(0)], false), 0);
});
