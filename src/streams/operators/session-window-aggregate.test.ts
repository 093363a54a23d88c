import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OperatorScene } from "../../../test/operator-scene.ts";
import { string } from "../serdes.ts";
import type { SessionStore } from "../stores/state-store.ts";
import { sessionStore } from "../stores/window-builders.ts";
import { type EmitStrategy, type SessionWindows, session } from "../windows.ts";
import { aggregateSessions } from "./session-window-aggregate.ts";

function sceneOf(windows: SessionWindows, emitStrategy: EmitStrategy = "on-window-update") {
  const open = aggregateSessions<string, string, string>({
    terms: { store: "sessions", sendsOldValues: true },
    initializer: () => "",
    aggregator: (aggregate, value) => (value === "nothing" ? null : `${aggregate}${value}`),
    merger: (left, right) => left + right,
    windows,
    emitStrategy,
  });
  const store = sessionStore("sessions", {
    key: string,
    value: string,
    retentionMs: windows.gapMs + windows.graceMs,
    isTimeOrdered: emitStrategy === "on-window-close",
  });
  return new OperatorScene(open, store);
}

test("a record between two sessions makes one of them, and their rows are deleted first", () => {
  using scene = sceneOf(session({ gap: 10, grace: 100 }));
  scene.pipe("k=a@0", "k=b@15", "k=c@8");
  assert.deepEqual(scene.take(), [
    "k[0,0]: a @0",
    "k[15,15]: b @15",
    "k[0,0]: null (a) @0",
    "k[15,15]: null (b) @15",
    "k[0,15]: abc @15",
  ]);
});

test("a second record at the time of a session's only one changes it in place", () => {
  using scene = sceneOf(session({ gap: 5, grace: 100 }));
  scene.pipe("k=a@7", "k=b@7");
  assert.deepEqual(scene.take(), ["k[7,7]: a @7", "k[7,7]: ab @7"]);
});

test("updates of sessions bear no headers", () => {
  using scene = sceneOf(session({ gap: 5 }));
  scene.pipe("k=a@7");
  assert.deepEqual(scene.messages[0]?.headers, []);
});

test("a late record is reported with the session that it would have made", () => {
  using scene = sceneOf(session({ gap: 5, grace: 10 }));
  scene.pipe("k=a@100", "k=b@85", "k=c@84", "d@90");
  assert.deepEqual(scene.take(), ["k[100,100]: a @100", "k[85,85]: b @85"]);
  assert.deepEqual(
    scene.dropped.map(({ reason }) => reason),
    [{ why: "late", windowStart: 84, windowEnd: 84, lateMs: 1 }, { why: "null-key" }],
  );
});

test("an aggregator that gives null deletes the session", () => {
  using scene = sceneOf(session({ gap: 5 }));
  scene.pipe("k=a@1", "k=nothing@3");
  assert.deepEqual(scene.take(), ["k[1,1]: a @1", "k[1,1]: null (a) @1", "k[1,3]: null @3"]);
});

test("sessions on close come once, without the deletions on the way", () => {
  using scene = sceneOf(session({ gap: 5, grace: 2 }), "on-window-close");
  scene.pipe("k=a@0", "k=b@4", "j=c@9", "j=d@11");
  assert.deepEqual(scene.take(), []);
  scene.pipe("j=e@12");
  assert.deepEqual(scene.take(), ["k[0,4]: ab @4"]);
  scene.pipe("z=f@30");
  assert.deepEqual(scene.take(), ["j[9,12]: cde @12"]);
});

test("sessions are the groups of records within the gap, in whichever order they come", () => {
  const times = fc.array(fc.nat(60), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(times, fc.nat(8), (order, gap) => {
      using scene = sceneOf(session({ gap, grace: 1000 }));
      scene.pipe(...order.map((time) => `k=x@${time}`));
      const store = scene.driver.store<SessionStore<string, string>>("sessions");
      const found = [...(store?.fetch("k") ?? [])].map(([{ window }, value]) => [
        window.start,
        window.end,
        value.length,
      ]);
      const expected: [number, number, number][] = [];
      for (const time of [...order].sort((one, other) => one - other)) {
        const last = expected.at(-1);
        if (last && time - last[1] <= gap) {
          last[1] = time;
          last[2] += 1;
        } else expected.push([time, time, 1]);
      }
      assert.deepEqual(found, expected);
    }),
    { numRuns: 60 },
  );
});
