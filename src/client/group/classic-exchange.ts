import { brokerErrorCode } from "../../broker-error-code.ts";
import { MillraceError } from "../../errors.ts";
import { Heartbeat, JoinGroup, LeaveGroup, SyncGroup } from "../../protocol/index.ts";
import type { Assignor } from "./assignor.ts";
import { assignorNamed } from "./assignor-choice.ts";
import type { ClassicAnswer, ClassicRequest } from "./classic-protocol.ts";
import type { GroupCoordinator } from "./group-coordinator.ts";
import { assignGroup, membersOf, topicsOf } from "./leader.ts";

/** What a classic member's requests say besides what the member itself decides; times in milliseconds. */
export interface ClassicExchangeSettings {
  readonly groupInstanceId: string | null;
  readonly assignors: readonly Assignor[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

type Ask<Name> = Extract<ClassicRequest, { ask: Name }>;

/** JoinGroup and SyncGroup have a lane of their own: the broker holds them back until others have come. */
export const joinLane = "join";
const protocolType = "consumer";
/** What the network may add to a wait that the broker bounds. */
const marginMs = 5_000;
const longestReason = 255;

/** Carries a classic member's requests out and brings what came of them; failures too are answers. */
export class ClassicExchange {
  readonly #coordinator: GroupCoordinator;
  readonly #settings: ClassicExchangeSettings;

  constructor(coordinator: GroupCoordinator, settings: ClassicExchangeSettings) {
    this.#coordinator = coordinator;
    this.#settings = settings;
  }

  async carryOut(request: ClassicRequest): Promise<ClassicAnswer> {
    switch (request.ask) {
      case "join":
        return this.#entering(request, () => this.#join(request));
      case "lead":
        return this.#entering(request, () => this.#lead(request));
      case "sync":
        return this.#entering(request, () => this.#sync(request));
      case "heartbeat":
        return this.#heartbeat(request);
      case "leave":
        return this.#leave(request);
    }
  }

  async #entering(
    { attempt }: { readonly attempt: number },
    run: () => Promise<ClassicAnswer>,
  ): Promise<ClassicAnswer> {
    try {
      return await run();
    } catch (error) {
      return { type: "not-joined", attempt, error: error as Error };
    }
  }

  async #join({ attempt, memberId, protocols, reason }: Ask<"join">): Promise<ClassicAnswer> {
    const { groupId, cluster } = this.#coordinator;
    const { sessionTimeoutMs, rebalanceTimeoutMs, groupInstanceId } = this.#settings;
    const body = {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId,
      groupInstanceId,
      protocolType,
      protocols,
      reason: reason.slice(0, longestReason),
    };
    const timeoutMs = Math.max(cluster.settings.requestTimeoutMs, rebalanceTimeoutMs + marginMs);
    const options = { lane: joinLane, timeoutMs };
    const answer = await this.#coordinator.request(JoinGroup, body, options);
    try {
      this.#coordinator.check(answer.errorCode, `joining group ${groupId}`);
    } catch (error) {
      const known = answer.memberId;
      return { type: "not-joined", attempt, error: error as Error, memberId: known };
    }
    const { generationId, skipAssignment, members } = answer;
    const isLeader = answer.leader === answer.memberId;
    const protocolName = answer.protocolName ?? "";
    const self = { memberId: answer.memberId, generationId, protocolName };
    return { type: "joined", attempt, join: { ...self, isLeader, skipAssignment, members } };
  }

  /** Renews the metadata of all topics that anyone in the group wants, and shares them out. */
  async #lead({ attempt, join }: Ask<"lead">): Promise<ClassicAnswer> {
    const { cluster } = this.#coordinator;
    const assignor = assignorNamed(this.#settings.assignors, join.protocolName);
    const members = membersOf(join.members);
    const topics = topicsOf(members);
    if (topics.length > 0) await cluster.refresh(topics);
    const { metadata } = cluster;
    const assignments = join.skipAssignment ? [] : await assignGroup(assignor, members, metadata);
    const partitionCounts = new Map(
      topics.map((topic) => [topic, metadata.topic(topic)?.partitions.length ?? 0]),
    );
    return { type: "led", attempt, assignments, partitionCounts };
  }

  async #sync({ attempt, identity, assignments }: Ask<"sync">): Promise<ClassicAnswer> {
    const { groupId, cluster } = this.#coordinator;
    const { memberId, generationId, protocolName = null } = identity;
    const { groupInstanceId, sessionTimeoutMs } = this.#settings;
    const self = { groupId, generationId, memberId, groupInstanceId };
    const body = { ...self, protocolType, protocolName, assignments };
    // A leader that has died holds the others up until its session is over.
    const timeoutMs = Math.max(cluster.settings.requestTimeoutMs, sessionTimeoutMs + marginMs);
    const options = { lane: joinLane, timeoutMs };
    const answer = await this.#coordinator.request(SyncGroup, body, options);
    this.#coordinator.check(answer.errorCode, `syncing with group ${groupId}`);
    if (answer.protocolName !== null && answer.protocolName !== protocolName) {
      const text = `group ${groupId} has answered with the assignor "${answer.protocolName}" where it had chosen "${protocolName}"`;
      throw new MillraceError("INVALID_STATE", text);
    }
    return { type: "synced", attempt, assignment: answer.assignment };
  }

  async #heartbeat({ identity }: Ask<"heartbeat">): Promise<ClassicAnswer> {
    const { groupId, cluster } = this.#coordinator;
    const { memberId, generationId } = identity;
    const { groupInstanceId, sessionTimeoutMs } = this.#settings;
    const body = { groupId, generationId, memberId, groupInstanceId };
    // A coordinator that hangs must leave time to find another within the session.
    const timeoutMs = Math.min(cluster.settings.requestTimeoutMs, sessionTimeoutMs / 3);
    try {
      const answer = await this.#coordinator.request(Heartbeat, body, { timeoutMs });
      this.#coordinator.check(answer.errorCode, `the heartbeat to group ${groupId}`);
      return { type: "heard", identity, error: undefined };
    } catch (error) {
      return { type: "heard", identity, error: error as Error };
    }
  }

  async #leave({ memberId }: Ask<"leave">): Promise<ClassicAnswer> {
    const { groupId, cluster } = this.#coordinator;
    const { groupInstanceId } = this.#settings;
    const reason = "the consumer is being closed";
    const body = (version: number) =>
      version < 3
        ? { groupId, memberId }
        : { groupId, members: [{ memberId, groupInstanceId, reason }] };
    try {
      const answer = await this.#coordinator.request(LeaveGroup, body);
      const errorNumber = answer.errorCode || (answer.members[0]?.errorCode ?? 0);
      if (errorNumber !== 0) {
        const code = brokerErrorCode(errorNumber);
        cluster.logger.info(
          { groupId, memberId, code },
          "the group did not know the leaving member",
        );
      }
    } catch (error) {
      // The session ends by itself: others just have to wait for that.
      cluster.logger.warn({ groupId, memberId, error }, "the member could not say that it leaves");
    }
    return { type: "left" };
  }
}
