import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { codeOf, groupId, Hall, type Join, type Sync } from "../../../test/classic-hall.ts";
import type { BrokerErrorCode } from "../../broker-error-code.ts";
import type { ClassicGroups } from "./classic-groups.ts";

type Step =
  | { readonly do: "go"; readonly who: number }
  | { readonly do: "join"; readonly who: number }
  | { readonly do: "leave"; readonly who: number }
  | { readonly do: "all" }
  | { readonly do: "fail" }
  | { readonly do: "wait"; readonly ms: number };

const who = fc.nat({ max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("go" as const), who }) },
  { weight: 6, arbitrary: fc.constant({ do: "all" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("join" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(7_000) }) },
  { weight: 1, arbitrary: fc.constant({ do: "fail" as const }) },
);

/** A client that keeps to the protocol, but stops and starts as it likes. */
class Client {
  join: Join | undefined;
  sync: Sync | undefined;
  #memberId = "";
  #generation = -1;
  #hasAssignment = false;
  /** Who is to be assigned to, where this client leads. */
  #members: readonly string[] = [];
  readonly #instance: string | null;
  readonly #hall: Hall;

  constructor(hall: Hall, index: number) {
    this.#hall = hall;
    this.#instance = index < 2 ? `desk ${index}` : null;
  }

  /** Takes in the answers that are there. */
  take(): void {
    const joined = this.join?.value;
    if (joined !== undefined) {
      this.join = undefined;
      const { error, memberId, generationId, members } = joined;
      const isKept = error === undefined || error === "MEMBER_ID_REQUIRED";
      this.#memberId = isKept ? memberId : "";
      this.#generation = error === undefined ? generationId : -1;
      this.#hasAssignment = false;
      this.#members = members.map((member) => member.memberId);
    }
    const synced = this.sync?.value;
    if (synced !== undefined) {
      this.sync = undefined;
      this.#hasAssignment = synced.error === undefined;
      this.#heard(synced.error);
    }
  }

  /** Does what comes next in the life of a member. */
  go(): void {
    this.take();
    if (this.join !== undefined || this.sync !== undefined) return;
    const generation = this.#generation;
    if (generation < 0) this.enter();
    else if (this.#hasAssignment) this.#heard(this.#hall.heartbeat(this.#memberId, generation));
    else {
      const plan = this.#members.map((id) => [id, `${id} in ${generation}`]);
      this.sync = this.#hall.sync(this.#memberId, generation, Object.fromEntries(plan));
    }
  }

  /** Joins, with an id or, as a static member that starts again, without. */
  enter(): void {
    this.take();
    if (this.join !== undefined || this.sync !== undefined) return;
    const memberId = this.#instance === null ? this.#memberId : "";
    const event = { memberId, groupInstanceId: this.#instance, apiVersion: 5 };
    this.join = this.#hall.join({ ...event, sessionTimeoutMs: 20_000 });
  }

  leave(): void {
    this.take();
    if (this.join !== undefined || this.sync !== undefined || this.#memberId === "") return;
    // The group may not be there: it could not be stored, or this was its last member.
    codeOf(() => void this.#hall.leave([this.#memberId, null]));
  }

  #heard(error: BrokerErrorCode | undefined): void {
    if (error === undefined) return;
    this.#generation = -1;
    if (error !== "REBALANCE_IN_PROGRESS") this.#memberId = "";
  }
}

test("whatever members do, a group keeps its rules, answers everyone, and is in the log as it is", async () => {
  let stableSteps = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const hall = new Hall({ maxSize: 3 });
      const clients = Array.from({ length: 5 }, (_, index) => new Client(hall, index));
      for (const one of steps) {
        if (one.do === "fail") hall.failure = "NOT_COORDINATOR";
        else if (one.do === "wait") await hall.pass(one.ms);
        else if (one.do === "all") for (const client of clients) client.go();
        else if (one.do === "go") clients[one.who]?.go();
        else if (one.do === "join") clients[one.who]?.enter();
        else clients[one.who]?.leave();
        await hall.pass(0);
        checkRules(hall);
        if (hall.groups.groups.get(groupId)?.state === "Stable") stableSteps += 1;
      }
      hall.failure = undefined;
      await hall.pass(400_000);
      for (const client of clients) {
        client.take();
        assert.deepEqual([client.join, client.sync], [undefined, undefined], "all are answered");
      }
      checkRules(hall);
    }),
    { numRuns: 300 },
  );
  assert.ok(stableSteps > 300, `groups came to be stable: ${stableSteps} times`);
});

function checkRules(hall: Hall): void {
  const group = hall.groups.groups.get(groupId);
  if (group === undefined) return;
  const { state, members, leader, pendingSync, pendingJoin } = group;
  assert.equal(state === "Empty", members.size === 0 && state !== "PreparingRebalance");
  if (members.size > 0) assert.ok(leader !== undefined && members.has(leader), "a member leads");
  for (const id of pendingJoin.keys()) assert.equal(members.has(id), false);
  for (const [instance, id] of group.staticMembers) {
    assert.equal(members.get(id)?.groupInstanceId, instance);
  }
  const waiting = [...members.values()];
  assert.equal(group.awaitingJoin, waiting.filter(({ join }) => join !== undefined).length);
  if (state !== "PreparingRebalance") assert.equal(group.awaitingJoin, 0);
  if (state === "CompletingRebalance") {
    assert.ok(group.syncDeadline !== undefined || pendingSync.size === 0);
  } else assert.ok(waiting.every(({ sync }) => sync === undefined));
  if (state === "Stable") checkAssignments(hall);
  if (hall.failure === undefined && state === "Stable") {
    assert.deepEqual(picture(hall.reloaded()), picture(hall.groups));
  }
}

/** Every member of a stable group has what the leader of this very generation gave it. */
function checkAssignments({ group }: Hall): void {
  for (const { id, assignment, groupInstanceId } of group.members.values()) {
    const text = String(assignment);
    if (groupInstanceId === null && text !== "") {
      assert.equal(text, `${id} in ${group.generation}`);
    } else if (text !== "") assert.ok(text.endsWith(` in ${group.generation}`));
  }
}

function picture(groups: ClassicGroups) {
  const group = groups.groups.get(groupId);
  const members = [...(group?.members.values() ?? [])].map(
    ({ id, groupInstanceId, assignment, sessionTimeoutMs, protocols }) =>
      ({
        id,
        groupInstanceId,
        assignment: String(assignment),
        sessionTimeoutMs,
        protocols,
      }) as const,
  );
  members.sort((left, right) => (left.id < right.id ? -1 : 1));
  const { state, generation, leader, protocolName, protocolType } = group ?? {};
  return { members, state, generation, leader, protocolName, protocolType };
}
