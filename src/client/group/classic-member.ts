import { BrokerError } from "../../errors.ts";
import type { Backoff } from "../backoff.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { Assignment, Assignor, PreviousAssignment, RebalanceProtocol } from "./assignor.ts";
import { assignorNamed, commonProtocol } from "./assignor-choice.ts";
import type {
  ClassicAnswer,
  ClassicRequest,
  Identity,
  JoinAnswer,
  MemberAssignment,
} from "./classic-protocol.ts";
import type { HeartbeatPace } from "./heartbeat-pace.ts";
import { Holdings } from "./holdings.ts";
import type { KnownTopics, Member, MemberEffect, MemberEvent, Subscription } from "./member.ts";
import { decodeAssignment, encodeSubscription } from "./member-data.ts";
import { PartitionSet } from "./partition-set.ts";
import { verdictOn } from "./verdict.ts";

/** What a classic member is made with. */
export interface ClassicSettings {
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  /** The preferred ones first; at least one, and with a protocol in common. */
  readonly assignors: readonly Assignor[];
  readonly pace: HeartbeatPace;
  /** How long to wait after a failed try to join. */
  readonly backoff: Backoff;
}

type ClassicState =
  | { readonly name: "unjoined"; readonly joinAt: number }
  | { readonly name: "joining" | "leading" | "syncing" | "stable" }
  | { readonly name: "closing"; readonly leave: boolean }
  | { readonly name: "leaving" }
  | { readonly name: "failing"; readonly error: Error }
  | { readonly name: "ended" };

type Event = MemberEvent<ClassicAnswer>;
type Effects = readonly MemberEffect<ClassicRequest>[];

const outside: Identity = { memberId: "", generationId: -1, protocolName: undefined };

/**
 * A member of a classic group: joins, leads or follows, syncs, sends heartbeats, and hands
 * partitions over eagerly or cooperatively (KIP-429), as a state machine without socket and clock.
 * It comes back by itself when the group has lost it, and fails for good where Kafka's does.
 */
export class ClassicMember implements Member<ClassicRequest, ClassicAnswer> {
  readonly #settings: ClassicSettings;
  readonly #protocol: RebalanceProtocol;
  readonly #holdings = new Holdings();
  #state: ClassicState = { name: "unjoined", joinAt: 0 };
  #identity = outside;
  #group: GroupMetadata | undefined;
  #subscription: Subscription | undefined;
  #joinedTopics = "";
  #previous: PreviousAssignment | undefined;
  /** What was assigned and is not yet taken up. */
  #target: Assignment | undefined;
  /** What this member, as the leader, shared out: the group's topics and their partition counts. */
  #led: ReadonlyMap<string, number> | undefined;
  #rejoinReason: string | undefined;
  /** Grows with each request to join, so that answers to former ones are told apart. */
  #attempt = 0;
  #failedAttempts = 0;

  /** Throws `INVALID_ARGUMENT` when the assignors have no protocol in common. */
  constructor(settings: ClassicSettings) {
    this.#settings = settings;
    this.#protocol = commonProtocol(settings.assignors);
  }

  get group(): GroupMetadata | undefined {
    return this.#group;
  }

  get isRebalancing(): boolean {
    return this.#isBetween && !this.#holdings.isBusy;
  }

  get wakeAt(): number {
    if (this.#isHeard) return this.#settings.pace.wakeAt;
    if (this.#state.name !== "unjoined" || !this.#subscription) return Number.POSITIVE_INFINITY;
    return this.#holdings.isBusy ? Number.POSITIVE_INFINITY : this.#state.joinAt;
  }

  get watchedTopics(): readonly string[] {
    return [...(this.#led?.keys() ?? [])];
  }

  get lacksMetadata(): boolean {
    return [...(this.#led?.values() ?? [])].includes(0);
  }

  owns(partition: TopicPartition): boolean {
    return this.#holdings.owns(partition);
  }

  handle(event: Event, now: number): Effects {
    if (this.#state.name === "ended") return [];
    const effects = [...this.#takeIn(event, now), ...this.#goOn(now)];
    const { pace } = this.#settings;
    if (!this.#isHeard || !pace.isDue(now)) return effects;
    pace.sent(now);
    return [...effects, ...ask({ ask: "heartbeat", identity: this.#identity })];
  }

  get #isBetween(): boolean {
    return ["unjoined", "joining", "leading", "syncing"].includes(this.#state.name);
  }

  /** Whether heartbeats are sent: not while joining, when the coordinator waits for others itself. */
  get #isHeard(): boolean {
    const isInside = ["leading", "syncing", "stable", "closing"].includes(this.#state.name);
    return isInside && this.#identity.generationId >= 0;
  }

  /** Takes an event in. */
  #takeIn(event: Event, now: number): Effects {
    switch (event.type) {
      case "joined":
        return this.#isAt("joining", event) ? this.#onJoined(event.join, now) : [];
      case "led":
        if (!this.#isAt("leading", event)) return [];
        this.#led = event.partitionCounts;
        return this.#sync(event.assignments);
      case "synced":
        if (this.#isAt("syncing", event)) this.#onSynced(event.assignment);
        break;
      case "not-joined":
        if (this.#isAt(this.#state.name, event)) this.#onNotJoined(event, now);
        break;
      case "heard":
        this.#onHeard(event, now);
        break;
      case "commit-refused":
        // Between generations it is no wonder that the former one is refused.
        if (event.group === this.#group && !this.#isBetween) this.#onRefusal(event.error, now);
        break;
      case "handed-over":
        this.#holdings.handedOver();
        break;
      case "subscribed":
        this.#subscription = event;
        break;
      case "metadata":
        this.#compareMetadata(event);
        break;
      case "rejoin":
        this.#rejoin(event.reason);
        break;
      case "close":
        if (this.#state.name === "leaving" || this.#state.name === "failing") break;
        this.#state = { name: "closing", leave: event.leave };
        break;
      case "left":
        return this.#end(undefined);
      case "abandon":
        if (!event.error) return this.#end(undefined);
        this.#fail(event.error);
        break;
      case "tick":
        break;
      default:
        event satisfies never;
    }
    return [];
  }

  /** Takes the next step that the state calls for; a handover has to end before another step. */
  #goOn(now: number): Effects {
    const { owned, isBusy } = this.#holdings;
    const state = this.#state;
    if (isBusy || state.name === "ended") return [];
    if (owned.size > 0 && this.#identity.generationId < 0) return [this.#holdings.lose()];
    if (state.name === "unjoined") return now >= state.joinAt ? this.#join() : [];
    if (state.name === "stable" && this.#target) return this.#takeUp(this.#target);
    if (state.name === "stable") return this.#mustRejoin ? this.#join() : [];
    if (state.name === "closing") return this.#close(state.leave);
    return state.name === "failing" ? this.#end(state.error) : [];
  }

  get #mustRejoin(): boolean {
    if (topicsKey(this.#subscription) !== this.#joinedTopics) {
      this.#rejoin("the subscription has changed");
    }
    return this.#rejoinReason !== undefined;
  }

  /** Asks to join, once what has to be given up before is given up. */
  #join(): Effects {
    if (!this.#subscription) return [];
    const { topics, accepts } = this.#subscription;
    const { owned } = this.#holdings;
    const isEager = this.#protocol === "eager";
    const leaving = isEager ? owned : owned.where(({ topic }) => !accepts(topic));
    if (leaving.size > 0) return [this.#holdings.revoke(leaving)];
    const { memberId, generationId } = this.#identity;
    const protocols = this.#settings.assignors.map((assignor) => ({
      name: assignor.name,
      metadata: encodeSubscription({
        topics,
        userData: assignor.subscriptionUserData?.(topics, this.#previous) ?? null,
        ownedPartitions: [...owned],
        generationId,
        rackId: this.#settings.rackId,
      }),
    }));
    const reason = this.#rejoinReason ?? "";
    this.#attempt += 1;
    this.#state = { name: "joining" };
    this.#joinedTopics = topicsKey(this.#subscription);
    this.#rejoinReason = undefined;
    this.#led = undefined;
    return ask({ ask: "join", attempt: this.#attempt, memberId, protocols, reason });
  }

  /** Whether an answer belongs to the stage that the present attempt to enter has reached. */
  #isAt(name: ClassicState["name"], { attempt }: { readonly attempt: number }): boolean {
    const isEntering = ["joining", "leading", "syncing"].includes(name);
    return isEntering && this.#state.name === name && attempt === this.#attempt;
  }

  #onJoined(join: JoinAnswer, now: number): Effects {
    const { memberId, generationId, protocolName } = join;
    this.#identity = { memberId, generationId, protocolName };
    this.#settings.pace.start(now);
    if (!join.isLeader) return this.#sync([]);
    this.#state = { name: "leading" };
    return ask({ ask: "lead", attempt: this.#attempt, join });
  }

  #sync(assignments: readonly MemberAssignment[]): Effects {
    this.#state = { name: "syncing" };
    return ask({ ask: "sync", attempt: this.#attempt, identity: this.#identity, assignments });
  }

  #onSynced(bytes: Buffer): void {
    const { groupId, groupInstanceId, backoff } = this.#settings;
    const { memberId, generationId } = this.#identity;
    this.#group = { groupId, generationId, memberId, groupInstanceId };
    this.#state = { name: "stable" };
    this.#failedAttempts = 0;
    backoff.reset();
    const assignment = decodeAssignment(bytes);
    const isWanted = assignment.partitions.every(({ topic }) => this.#subscription?.accepts(topic));
    if (isWanted) this.#target = assignment;
    else this.#rejoin("the subscription has changed while the leader assigned partitions");
  }

  /** Gives up what is not assigned any more, and when that is done takes up what is new. */
  #takeUp(target: Assignment): Effects {
    const group = this.#group as GroupMetadata;
    const partitions = new PartitionSet(target.partitions);
    const leaving = this.#holdings.owned.minus(partitions);
    if (leaving.size > 0) {
      this.#rejoin("partitions were given up, which others may have now");
      return [this.#holdings.revoke(leaving)];
    }
    this.#target = undefined;
    const userData = target.userData ? Buffer.from(target.userData) : null;
    this.#previous = { ...target, userData, generationId: group.generationId };
    const chosen = assignorNamed(this.#settings.assignors, this.#identity.protocolName ?? "");
    chosen.onAssignment?.(this.#previous, group);
    return [this.#holdings.assign(partitions.minus(this.#holdings.owned), group)];
  }

  #onNotJoined(
    { error, memberId = "" }: Extract<Event, { type: "not-joined" }>,
    now: number,
  ): void {
    const isIdRequired = error instanceof BrokerError && error.code === "MEMBER_ID_REQUIRED";
    if (isIdRequired && this.#identity.memberId === "" && memberId !== "") {
      this.#identity = { ...outside, memberId };
      this.#state = { name: "unjoined", joinAt: now };
      return;
    }
    this.#state = { name: "unjoined", joinAt: this.#soon(now) };
    const verdict = verdictOn(error);
    if (verdict === "member-unknown") this.#forget("");
    if (verdict === "generation-over") this.#forget(this.#identity.memberId);
    if (verdict === "final") this.#fail(error);
  }

  #onHeard({ identity, error }: Extract<Event, { type: "heard" }>, now: number): void {
    // While joining, the answer to JoinGroup says all there is to say.
    if (identity !== this.#identity || !this.#isHeard) return;
    const { pace } = this.#settings;
    if (error && verdictOn(error) === "passing") pace.failed(now);
    else pace.answered();
    if (error) this.#onRefusal(error, now);
  }

  /** Draws the consequences when a heartbeat or a commit on this generation's word was refused. */
  #onRefusal(error: Error, now: number): void {
    const { name } = this.#state;
    const verdict = verdictOn(error);
    if (verdict === "final") this.#fail(error);
    if (verdict === "rebalancing" && name === "stable") this.#rejoin("the group is rebalancing");
    if (verdict !== "member-unknown" && verdict !== "generation-over") return;
    if (name !== "closing") this.#state = { name: "unjoined", joinAt: this.#soon(now) };
    this.#forget(verdict === "generation-over" ? this.#identity.memberId : "");
  }

  /** The membership is void: what is owned is lost. */
  #forget(memberId: string): void {
    this.#identity = { ...outside, memberId };
    this.#group = undefined;
    this.#target = undefined;
    this.#led = undefined;
    this.#settings.pace.stop();
  }

  #rejoin(reason: string): void {
    this.#rejoinReason ??= reason;
  }

  #compareMetadata({ partitionCount }: KnownTopics): void {
    const hasChanged = [...(this.#led ?? [])].some(
      ([topic, count]) => partitionCount(topic) !== count,
    );
    if (hasChanged) this.#rejoin("the topics of the group have changed");
  }

  /** Gives everything up, and then leaves if it is to leave. */
  #close(leave: boolean): Effects {
    const { owned } = this.#holdings;
    const { memberId } = this.#identity;
    if (owned.size > 0) return [this.#holdings.revoke(owned)];
    if (!leave || memberId === "") return this.#end(undefined);
    this.#state = { name: "leaving" };
    this.#group = undefined;
    return ask({ ask: "leave", memberId });
  }

  #fail(error: Error): void {
    this.#forget("");
    this.#state = { name: "failing", error };
  }

  #end(error: Error | undefined): Effects {
    this.#forget("");
    this.#state = { name: "ended" };
    return [{ do: "end", error }];
  }

  /** The first try after a success comes at once, the next ones after a growing wait. */
  #soon(now: number): number {
    this.#failedAttempts += 1;
    return this.#failedAttempts === 1 ? now : now + this.#settings.backoff.next();
  }
}

function ask(request: ClassicRequest): Effects {
  return [{ do: "ask", request }];
}

function topicsKey(subscription: Subscription | undefined): string {
  return JSON.stringify([...new Set(subscription?.topics)].sort());
}
