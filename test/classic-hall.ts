import assert from "node:assert/strict";
import { ClassicGroups } from "../src/broker/groups/classic-groups.ts";
import type { JoinAnswer, JoinEvent, SyncAnswer } from "../src/broker/groups/classic-protocol.ts";
import type { CoordinatorRecord } from "../src/broker/groups/coordinator-record.ts";
import type { Decision } from "../src/broker/groups/group-kind.ts";
import type { BrokerErrorCode } from "../src/broker-error-code.ts";
import { BrokerError } from "../src/errors.ts";
import { ConsumerProtocolSubscription, Writer } from "../src/protocol/index.ts";

/** The group that all is about. */
export const groupId = "team";
const wallClockStart = 1_700_000_000_000;

/** Classic groups on a clock that the test moves, with their log as a list. */
export class Hall {
  now = 0;
  readonly log: CoordinatorRecord[] = [];
  /** What the next append is refused with. */
  failure: BrokerErrorCode | undefined;
  readonly groups: ClassicGroups;
  #lastId = 0;

  constructor({ maxSize = 1000 }: { readonly maxSize?: number } = {}) {
    this.groups = new ClassicGroups({
      settings: {
        sessionTimeoutMs: { min: 6_000, max: 1_800_000 },
        initialRebalanceDelayMs: 3_000,
        maxSize,
      },
      random: {
        float: () => 0,
        below: () => 0,
        bytes: (count) => Buffer.alloc(count),
        uuid: () => {
          this.#lastId += 1;
          return String(this.#lastId);
        },
      },
      timestamp: () => wallClockStart + this.now,
    });
  }

  get group() {
    const group = this.groups.groups.get(groupId);
    assert.ok(group, "the group is there");
    return group;
  }

  carryOut<Result>({ records, result, settle }: Decision<Result>): Result {
    const { failure } = this;
    if (records.length > 0) {
      this.failure = undefined;
      if (failure === undefined) this.log.push(...records);
    }
    settle?.(records.length > 0 ? failure : undefined);
    return result;
  }

  /** Moves the clock, with each deadline on the way. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const { nextTickAt } = this.groups;
      if (nextTickAt === undefined || nextTickAt > end) break;
      this.now = Math.max(this.now, nextTickAt);
      for (const due of this.groups.tick(this.now)) this.carryOut({ ...due, result: undefined });
      await settled();
    }
    this.now = end;
    await settled();
  }

  join(event: Partial<JoinEvent> = {}): Join {
    const decision = this.groups.join(
      {
        groupId,
        memberId: "",
        groupInstanceId: null,
        protocolType: "consumer",
        protocols: [{ name: "range", metadata: subscription("orders") }],
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 30_000,
        reason: null,
        apiVersion: 3,
        clientId: "client",
        clientHost: "/127.0.0.1",
        ...event,
      },
      this.now,
    );
    return new Pending(this.carryOut(decision));
  }

  sync(memberId: string, generationId: number, plan: Record<string, string> = {}): Sync {
    const assignments = new Map(Object.entries(plan).map(([id, text]) => [id, Buffer.from(text)]));
    const event = { groupId, memberId, generationId, groupInstanceId: null, assignments };
    const named = { ...event, protocolType: null, protocolName: null };
    return new Pending(this.carryOut(this.groups.sync(named, this.now)));
  }

  heartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null) {
    const event = { groupId, memberId, generationId, groupInstanceId };
    return codeOf(() => this.carryOut(this.groups.heartbeat(event, this.now)));
  }

  leave(...members: readonly (readonly [id: string, instance: string | null])[]) {
    const event = {
      groupId,
      members: members.map(([memberId, groupInstanceId]) => ({
        memberId,
        groupInstanceId,
        reason: null,
      })),
    };
    return this.carryOut(this.groups.leave(event, this.now)).map(({ error }) => error);
  }

  /** Brings members into a stable group; the first leads. */
  async stable(...joins: readonly Partial<JoinEvent>[]): Promise<string[]> {
    const pending = joins.map((event) => this.join(event));
    await this.pass(6_000);
    const answers = await Promise.all(pending.map((join) => join.answer()));
    const ids = answers.map(({ memberId }) => memberId);
    const plan = Object.fromEntries(ids.map((id, index) => [id, `share ${index}`]));
    const generation = answers[0]?.generationId ?? -1;
    const syncs = ids.map((id, index) => this.sync(id, generation, index === 0 ? plan : {}));
    // The leader goes first, so nobody has to wait for long.
    await Promise.all(syncs.map((sync) => sync.answer()));
    assert.equal(this.group.state, "Stable");
    return ids;
  }

  /** Another broker's groups, as they come out of this one's log. */
  reloaded(): ClassicGroups {
    const { groups } = new Hall();
    for (const { key, value } of this.log) groups.replay(key, value);
    return groups;
  }
}

/** An answer that may still be out. */
export class Pending<Answer> {
  value: Answer | undefined;
  readonly #promise: Promise<Answer>;

  constructor(answer: Answer | Promise<Answer>) {
    this.#promise = Promise.resolve(answer);
    this.#promise.then((value) => {
      this.value = value;
    });
  }

  async isOut(): Promise<boolean> {
    await settled();
    return this.value === undefined;
  }

  async answer(): Promise<Answer> {
    assert.equal(await this.isOut(), false, "the answer is there");
    return this.#promise;
  }
}
/** A JoinGroup under way. */
export type Join = Pending<JoinAnswer>;
/** A SyncGroup under way. */
export type Sync = Pending<SyncAnswer>;

async function settled(): Promise<void> {
  for (let round = 0; round < 4; round += 1) await Promise.resolve();
}

/** The code of what is thrown, or what is given. */
export function codeOf(run: () => BrokerErrorCode | undefined): BrokerErrorCode | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof BrokerError) return error.code;
    throw error;
  }
}

/** What a consumer that subscribes to these topics joins with. */
export function subscription(...topics: readonly string[]): Buffer {
  const writer = new Writer();
  writer.int16(1);
  ConsumerProtocolSubscription.encode(writer, 1, { topics });
  return writer.toBuffer();
}
