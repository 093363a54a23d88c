import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { brokerErrorNumber } from "../../broker-error-code.ts";
import { type BrokerError, ConnectionError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import { refusal } from "../refusal.ts";
import type { AssignableTopics, Assignment, Assignor } from "./assignor.ts";
import { cooperativeSticky } from "./assignors/cooperative-sticky.ts";
import { range } from "./assignors/range.ts";
import { roundRobin } from "./assignors/round-robin.ts";
import { sticky } from "./assignors/sticky.ts";
import { ClassicMember } from "./classic-member.ts";
import type { ClassicAnswer, ClassicRequest, JoinedMember } from "./classic-protocol.ts";
import { HeartbeatPace } from "./heartbeat-pace.ts";
import { membersOf } from "./leader.ts";
import type { MemberEvent } from "./member.ts";
import { encodeAssignment } from "./member-data.ts";

const topic = "orders";
const partitions = [0, 1, 2, 3, 4].map((partition) => ({ topic, partition }));
const topics: AssignableTopics = new Map([
  [topic, partitions.map(({ partition }) => ({ partition, racks: [] }))],
]);
const noChance = { float: () => 0.5, below: () => 0, bytes: () => Buffer.alloc(0), uuid: () => "" };
const maxMembers = 4;

describe("classic members, whatever comes between them and their coordinator", () => {
  for (const assignor of [range, roundRobin, sticky, cooperativeSticky]) {
    test(`with ${assignor.name}, never share a partition, and come to rest with all of them`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 150 }), (script) => {
          const world = new World(assignor);
          for (const choice of script) {
            world.step(choice);
            world.assertNothingIsShared();
          }
          world.comeToRest();
        }),
        { numRuns: 150 },
      );
    });
  }
});

/** One process with a member in it. */
interface Process {
  readonly member: ClassicMember;
  /** The id under which the coordinator knows it. */
  memberId: string;
  isClosed: boolean;
}

/** Members, a model of their coordinator, and what is on the way between them. */
class World {
  readonly #assignor: Assignor;
  readonly #processes: Process[] = [];
  readonly #coordinator: CoordinatorModel;
  /** What can happen next, in any order. */
  readonly #pending: (() => void)[] = [];
  #now = 0;
  /** How many of the next answers do not come back. */
  #losses = 0;

  constructor(assignor: Assignor) {
    this.#assignor = assignor;
    this.#coordinator = new CoordinatorModel((answer) => this.#pending.push(answer));
  }

  /** One of: something under way arrives, a member comes, goes or is dropped, time passes, an answer is lost. */
  step(choice: number): void {
    const [kind, which] = [choice % 10, Math.floor(choice / 10)];
    const living = this.#processes.filter(({ isClosed }) => !isClosed);
    const chosen = living[which % Math.max(1, living.length)];
    if (kind === 0 && living.length < maxMembers) this.#start();
    else if (kind === 1 && chosen) this.#close(chosen);
    else if (kind === 2 && chosen) this.#coordinator.drop(chosen.memberId);
    else if (kind === 3) this.#pass(1_500);
    else if (kind === 4) this.#losses += 1;
    else this.#pending.splice(which % Math.max(1, this.#pending.length), 1)[0]?.();
  }

  /** Nobody has what another has, those aside whom the coordinator has dropped without their knowing. */
  assertNothingIsShared(): void {
    const members = this.#processes.filter((one) => this.#coordinator.knows(one.memberId));
    for (const partition of partitions) {
      const owners = members.filter(({ member }) => member.owns(partition));
      assert.ok(owners.length <= 1, `orders-${partition.partition} has ${owners.length} owners`);
    }
  }

  comeToRest(): void {
    this.#start();
    for (let round = 0; round < 2_000; round += 1) {
      this.#pending.shift()?.();
      if (this.#pending.length === 0) this.#pass(500);
      this.assertNothingIsShared();
    }
    const living = this.#processes.filter(({ isClosed }) => !isClosed);
    for (const { member } of living) {
      assert.ok(member.group && !member.isRebalancing);
      const share = partitions.filter((one) => member.owns(one)).length;
      assert.ok(share >= Math.floor(partitions.length / living.length), `a share of ${share}`);
    }
    for (const partition of partitions) {
      const owners = living.filter(({ member }) => member.owns(partition));
      assert.equal(owners.length, 1, `orders-${partition.partition} has ${owners.length} owners`);
    }
  }

  #start(): void {
    const member = new ClassicMember({
      groupId: "billing",
      groupInstanceId: null,
      rackId: null,
      assignors: [this.#assignor],
      pace: new HeartbeatPace(1_000, new Backoff(100, 1_000, noChance)),
      backoff: new Backoff(100, 1_000, noChance),
    });
    const process = { member, memberId: "", isClosed: false };
    this.#processes.push(process);
    this.#tell(process, { type: "subscribed", topics: [topic], accepts: () => true });
  }

  #close(process: Process): void {
    process.isClosed = true;
    this.#tell(process, { type: "close", leave: true });
  }

  #pass(ms: number): void {
    this.#now += ms;
    for (const process of this.#processes) this.#tell(process, { type: "tick" });
  }

  #tell(process: Process, event: MemberEvent<ClassicAnswer>): void {
    for (const effect of process.member.handle(event, this.#now)) {
      if (effect.do === "end") continue;
      if (effect.do !== "ask") {
        this.#pending.push(() => this.#tell(process, { type: "handed-over" }));
        continue;
      }
      const { request } = effect;
      this.#pending.push(() => this.#carryOut(process, request));
    }
  }

  #carryOut(process: Process, request: ClassicRequest): void {
    const answer = (event: ClassicAnswer) => this.#tell(process, event);
    if (request.ask === "lead") {
      const { attempt, join } = request;
      const members = membersOf(join.members);
      const shares = this.#assignor.assign(topics, members) as ReadonlyMap<string, Assignment>;
      const assignments = members.map(({ memberId }) => ({
        memberId,
        assignment: encodeAssignment(shares.get(memberId) ?? { partitions: [] }),
      }));
      const partitionCounts = new Map([[topic, partitions.length]]);
      answer({ type: "led", attempt, assignments, partitionCounts });
      return;
    }
    const isLost = request.ask !== "leave" && this.#losses > 0;
    if (isLost) {
      this.#losses -= 1;
      const error = new ConnectionError("CONNECTION_LOST", "the cable was pulled");
      if (request.ask === "heartbeat") answer({ type: "heard", identity: request.identity, error });
      else answer({ type: "not-joined", attempt: request.attempt, error });
    }
    this.#coordinator.receive(request, (event) => {
      if (isLost) return;
      const memberId = event.type === "not-joined" ? event.memberId : undefined;
      if (memberId) process.memberId = memberId;
      answer(event);
    });
  }
}

type Reply = (answer: ClassicAnswer) => void;
interface Waiting {
  readonly attempt: number;
  readonly reply: Reply;
}
interface KnownMember {
  metadata: Buffer;
  protocolName: string;
  join?: Waiting | undefined;
  sync?: Waiting | undefined;
  assignment: Buffer;
}

/** What Kafka's group coordinator does, as far as members can see it. */
class CoordinatorModel {
  readonly #members = new Map<string, KnownMember>();
  readonly #send: (answer: () => void) => void;
  /** Ids that were given out and not used yet. */
  readonly #expected = new Set<string>();
  #issued = 0;
  #generation = 0;
  #state: "preparing" | "completing" | "stable" = "stable";

  constructor(send: (answer: () => void) => void) {
    this.#send = send;
  }

  knows(memberId: string): boolean {
    return this.#members.has(memberId);
  }

  drop(memberId: string): void {
    this.#expected.delete(memberId);
    const member = this.#members.get(memberId);
    if (!member) return;
    this.#members.delete(memberId);
    for (const waiting of [member.join, member.sync]) {
      if (waiting) this.#refuse(waiting, "UNKNOWN_MEMBER_ID");
    }
    this.#prepare();
  }

  receive(request: Exclude<ClassicRequest, { ask: "lead" }>, reply: Reply): void {
    switch (request.ask) {
      case "join":
        return void this.#onJoin(request, reply);
      case "sync":
        return void this.#onSync(request, reply);
      case "heartbeat": {
        const { identity } = request;
        const code = this.#complaint(identity.memberId, identity.generationId);
        const rebalancing = this.#state === "preparing" ? "REBALANCE_IN_PROGRESS" : undefined;
        const error = refused(code ?? rebalancing);
        return void this.#send(() => reply({ type: "heard", identity, error }));
      }
      case "leave":
        this.drop(request.memberId);
        return void this.#send(() => reply({ type: "left" }));
    }
  }

  #onJoin(
    { attempt, memberId, protocols }: Extract<ClassicRequest, { ask: "join" }>,
    reply: Reply,
  ) {
    const waiting = { attempt, reply };
    if (memberId === "") {
      this.#issued += 1;
      const issued = `member-${this.#issued}`;
      this.#expected.add(issued);
      return void this.#refuse(waiting, "MEMBER_ID_REQUIRED", issued);
    }
    const isKnown = this.#expected.delete(memberId) || this.#members.has(memberId);
    const [protocol] = protocols;
    if (!isKnown || !protocol) return void this.#refuse(waiting, "UNKNOWN_MEMBER_ID");
    const { metadata, name: protocolName } = protocol;
    const old = this.#members.get(memberId);
    const assignment = old?.assignment ?? Buffer.alloc(0);
    this.#members.set(memberId, { metadata, protocolName, join: waiting, assignment });
    this.#prepare();
  }

  #prepare(): void {
    this.#state = "preparing";
    for (const member of this.#members.values()) {
      if (member.sync) this.#refuse(member.sync, "REBALANCE_IN_PROGRESS");
      member.sync = undefined;
    }
    const members = [...this.#members];
    if (members.length === 0 || members.some(([, { join }]) => !join)) return;
    this.#generation += 1;
    this.#state = "completing";
    const [leader] = members[0] as [string, KnownMember];
    const joined: JoinedMember[] = members.map(([memberId, { metadata }]) => ({
      memberId,
      groupInstanceId: null,
      metadata,
    }));
    for (const [memberId, member] of members) {
      const { attempt, reply } = member.join as Waiting;
      member.join = undefined;
      const isLeader = memberId === leader;
      const { protocolName } = member;
      const self = { memberId, generationId: this.#generation, protocolName, isLeader };
      const join = { ...self, skipAssignment: false, members: isLeader ? joined : [] };
      this.#send(() => reply({ type: "joined", attempt, join }));
    }
  }

  #onSync(request: Extract<ClassicRequest, { ask: "sync" }>, reply: Reply): void {
    const { attempt, identity, assignments } = request;
    const waiting = { attempt, reply };
    const complaint = this.#complaint(identity.memberId, identity.generationId);
    if (complaint) return void this.#refuse(waiting, complaint);
    if (this.#state === "preparing") return void this.#refuse(waiting, "REBALANCE_IN_PROGRESS");
    const member = this.#members.get(identity.memberId) as KnownMember;
    member.sync = waiting;
    for (const { memberId, assignment } of assignments) {
      const given = this.#members.get(memberId);
      if (given) given.assignment = assignment;
      this.#state = "stable";
    }
    if (this.#state !== "stable") return;
    for (const one of this.#members.values()) {
      const { sync, assignment } = one;
      one.sync = undefined;
      if (!sync) continue;
      this.#send(() => sync.reply({ type: "synced", attempt: sync.attempt, assignment }));
    }
  }

  #complaint(memberId: string, generationId: number) {
    if (!this.#members.has(memberId)) return "UNKNOWN_MEMBER_ID";
    return generationId === this.#generation ? undefined : "ILLEGAL_GENERATION";
  }

  #refuse({ attempt, reply }: Waiting, code: BrokerError["code"], memberId?: string): void {
    const error = refused(code) as BrokerError;
    this.#send(() => reply({ type: "not-joined", attempt, error, memberId }));
  }
}

function refused(code: BrokerError["code"] | undefined): BrokerError | undefined {
  return code && refusal(brokerErrorNumber(code), "the model's request");
}
