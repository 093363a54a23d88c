import assert from "node:assert/strict";
import { test } from "node:test";
import { ThreadInbox } from "./thread-inbox.ts";

test("events come out as they went in, and whoever waits is called as long as some are there", () => {
  const inbox = new ThreadInbox();
  const { arrival } = inbox;
  assert.equal(arrival.aborted, false);
  inbox.put({ about: "wake" });
  inbox.put({ about: "nothing-new" });
  assert.equal(arrival.aborted, true);
  assert.equal(inbox.take()?.about, "wake");
  assert.equal(inbox.arrival.aborted, true);
  assert.equal(inbox.take()?.about, "nothing-new");
  assert.equal(inbox.arrival.aborted, false);
  assert.equal(inbox.take(), undefined);
});

test("a reason to wake calls off no commit, and is not kept beside others", () => {
  const inbox = new ThreadInbox();
  inbox.put({ about: "wake" });
  assert.equal(inbox.interruption.aborted, false);
  inbox.put({ about: "nothing-new" });
  inbox.put({ about: "wake" });
  assert.equal(inbox.interruption.aborted, true);
  assert.deepEqual([inbox.take()?.about, inbox.take()?.about], ["wake", "nothing-new"]);
  assert.equal(inbox.take(), undefined);
  assert.equal(inbox.interruption.aborted, false);
});
