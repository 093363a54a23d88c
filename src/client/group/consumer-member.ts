import { BrokerError } from "../../errors.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import type { TopicPartition } from "../topic-partition.ts";
import {
  type ConsumerAnswer,
  type ConsumerRequest,
  type HeartbeatBody,
  specialEpoch,
  type TopicIdPartitions,
} from "./consumer-protocol.ts";
import type { HeartbeatPace } from "./heartbeat-pace.ts";
import { Holdings } from "./holdings.ts";
import type { KnownTopics, Member, MemberEffect, MemberEvent, Subscription } from "./member.ts";
import { groupedByTopic, PartitionSet } from "./partition-set.ts";
import { verdictOn } from "./verdict.ts";

/** What a member of a consumer group is made with; times in milliseconds. */
export interface ConsumerMemberSettings {
  readonly groupId: string;
  /** A name of the member's own making, new each time. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly rackId: string | null;
  /** The broker's assignor, null for its default. */
  readonly serverAssignor: string | null;
  readonly rebalanceTimeoutMs: number;
  /** How long a former holder of `groupInstanceId` may take to be dropped before that is an error. */
  readonly releaseTimeoutMs: number;
  readonly pace: HeartbeatPace;
}

type ConsumerState =
  | { readonly name: "outside" }
  /** The epoch is what commits are checked against. */
  | { readonly name: "inside"; readonly group: GroupMetadata }
  | {
      readonly name: "closing";
      readonly leave: boolean;
      readonly group: GroupMetadata | undefined;
    }
  | { readonly name: "leaving" }
  | { readonly name: "failing"; readonly error: Error }
  | { readonly name: "ended" };

type Event = MemberEvent<ConsumerAnswer>;
type Effects = readonly MemberEffect<ConsumerRequest>[];

/**
 * A member of a consumer group (KIP-848), where the broker assigns: one request joins, reports and
 * learns. What the member is to have is approached step by step: give up, say so, take up, say so.
 * A state machine without socket and clock.
 */
export class ConsumerMember implements Member<ConsumerRequest, ConsumerAnswer> {
  readonly #settings: ConsumerMemberSettings;
  readonly #holdings = new Holdings();
  #state: ConsumerState = { name: "outside" };
  #subscription: Subscription | undefined;
  /** What the broker wants the member to have; undefined once the member has it. */
  #target: readonly TopicIdPartitions[] | undefined;
  /** Whether the user's side hears of an assignment even when it brings nothing new. */
  #isNews = true;
  /** Ids of the topics of which partitions are owned. */
  readonly #idsByName = new Map<string, string>();
  #topicName: KnownTopics["topicName"] = () => undefined;
  #lacksNames = false;
  /** What the broker knows from former heartbeats; undefined when it has to be told everything. */
  #told: { readonly topics: string; readonly owned: string } | undefined;
  /** Grows whenever the group has lost the member, so that answers to its former self are told apart. */
  #life = 0;
  #hasAsked = false;
  #restarts = 0;
  #unreleasedSince: number | undefined;

  constructor(settings: ConsumerMemberSettings) {
    this.#settings = settings;
  }

  get group(): GroupMetadata | undefined {
    const state = this.#state;
    return state.name === "inside" || state.name === "closing" ? state.group : undefined;
  }

  get isRebalancing(): boolean {
    return this.#state.name === "outside" && !this.#holdings.isBusy;
  }

  get wakeAt(): number {
    return this.#isHeard ? this.#settings.pace.wakeAt : Number.POSITIVE_INFINITY;
  }

  readonly watchedTopics: readonly string[] = [];

  get lacksMetadata(): boolean {
    return this.#lacksNames;
  }

  owns(partition: TopicPartition): boolean {
    return this.#holdings.owns(partition);
  }

  handle(event: Event, now: number): Effects {
    if (this.#state.name === "ended") return [];
    const effects = [...this.#takeIn(event, now), ...this.#goOn()];
    const { pace } = this.#settings;
    if (!this.#isHeard || !pace.isDue(now)) return effects;
    pace.sent(now);
    return [...effects, this.#heartbeat()];
  }

  /** Whether heartbeats are sent: also while partitions are given up, but not before all lost ones are. */
  get #isHeard(): boolean {
    if (this.#state.name === "outside") {
      return this.#subscription !== undefined && !this.#holdings.isBusy;
    }
    return this.group !== undefined;
  }

  /** Takes an event in. */
  #takeIn(event: Event, now: number): Effects {
    switch (event.type) {
      case "heard":
        if (event.life === this.#life) this.#onHeard(event);
        break;
      case "not-heard":
        if (event.life === this.#life) this.#onNotHeard(event.error, now);
        break;
      case "commit-refused":
        if (event.group === this.group) this.#onRefusal(event.error, now);
        break;
      case "handed-over":
        this.#holdings.handedOver();
        // The broker waits for the member's word on what it has.
        if (this.group) this.#settings.pace.hurry();
        break;
      case "subscribed":
        this.#subscription = event;
        this.#settings.pace.hurry();
        break;
      case "metadata":
        this.#topicName = event.topicName;
        break;
      case "rejoin":
        // The broker assigns by itself; what can be asked for is to hear its word at once.
        this.#settings.pace.hurry();
        break;
      case "close":
        if (this.#state.name === "leaving" || this.#state.name === "failing") break;
        this.#state = { name: "closing", leave: event.leave, group: this.group };
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
  #goOn(): Effects {
    const { owned, isBusy } = this.#holdings;
    const state = this.#state;
    if (isBusy || state.name === "ended") return [];
    if (owned.size > 0 && !this.group && state.name !== "leaving") return [this.#holdings.lose()];
    if (state.name === "inside") return this.#reconcile(state.group);
    if (state.name === "closing") return this.#close(state.leave);
    return state.name === "failing" ? this.#end(state.error) : [];
  }

  /** Gives up what the target lacks, and when that is done takes up what is new in it. */
  #reconcile(group: GroupMetadata): Effects {
    if (!this.#target) return [];
    const known: TopicPartition[] = [];
    this.#lacksNames = false;
    for (const { topicId, partitions } of this.#target) {
      const topic = this.#nameOf(topicId);
      if (topic === undefined) {
        this.#lacksNames = true;
        continue;
      }
      this.#idsByName.set(topic, topicId);
      for (const partition of partitions) known.push({ topic, partition });
    }
    const target = new PartitionSet(known);
    const { owned } = this.#holdings;
    const leaving = owned.minus(target);
    if (leaving.size > 0) {
      this.#isNews = true;
      return [this.#holdings.revoke(leaving)];
    }
    const added = target.minus(owned);
    if (!this.#lacksNames) this.#target = undefined;
    if (added.size === 0 && (this.#lacksNames || !this.#isNews)) return [];
    this.#isNews = false;
    return [this.#holdings.assign(added, group)];
  }

  /** A topic that is owned keeps its name, even when the metadata has lost sight of it. */
  #nameOf(topicId: string): string | undefined {
    const known = this.#topicName(topicId);
    if (known !== undefined) return known;
    for (const [name, id] of this.#idsByName) if (id === topicId) return name;
    return undefined;
  }

  #heartbeat(): MemberEffect<ConsumerRequest> {
    const { groupInstanceId: instanceId, rackId, ...settings } = this.#settings;
    const topics = [...new Set(this.#subscription?.topics)].sort();
    const owned = [...groupedByTopic(this.#holdings.owned)].map(([topic, ofTopic]) => ({
      topicId: this.#idsByName.get(topic) ?? "",
      partitions: ofTopic.map(({ partition }) => partition),
    }));
    const now = { topics: JSON.stringify(topics), owned: JSON.stringify(owned) };
    const told = this.#told;
    this.#told = now;
    this.#hasAsked = true;
    const body: HeartbeatBody = {
      memberId: settings.memberId,
      memberEpoch: this.group?.generationId ?? specialEpoch.join,
      instanceId,
      rackId: told ? null : rackId,
      rebalanceTimeoutMs: told ? -1 : settings.rebalanceTimeoutMs,
      subscribedTopicNames: told?.topics === now.topics ? null : topics,
      serverAssignor: told ? null : settings.serverAssignor,
      topicPartitions: told?.owned === now.owned ? null : owned,
    };
    return { do: "ask", request: { ask: "heartbeat", life: this.#life, body } };
  }

  #onHeard(answer: Extract<Event, { type: "heard" }>): void {
    const { pace, groupId, groupInstanceId, memberId } = this.#settings;
    if (answer.heartbeatIntervalMs > 0) pace.intervalMs = answer.heartbeatIntervalMs;
    pace.answered();
    this.#restarts = 0;
    this.#unreleasedSince = undefined;
    if (answer.assignment) this.#target = answer.assignment;
    const { memberEpoch: generationId } = answer;
    if (this.group?.generationId === generationId) return;
    const group = { groupId, generationId, memberId, groupInstanceId };
    const state = this.#state;
    if (state.name === "closing") this.#state = { ...state, group };
    else if (state.name === "inside" || state.name === "outside") {
      this.#state = { name: "inside", group };
    }
  }

  #onNotHeard(error: Error, now: number): void {
    this.#told = undefined;
    this.#settings.pace.failed(now);
    if (this.#mayBeReleased(error, now)) return;
    this.#onRefusal(error, now);
  }

  /** The broker drops a former holder of the name that has crashed once its session is over. */
  #mayBeReleased(error: Error, now: number): boolean {
    if (!(error instanceof BrokerError) || error.code !== "UNRELEASED_INSTANCE_ID") return false;
    this.#unreleasedSince ??= now;
    return now - this.#unreleasedSince < this.#settings.releaseTimeoutMs;
  }

  #onRefusal(error: Error, now: number): void {
    const verdict = verdictOn(error);
    if (verdict === "final") this.#fail(error);
    if (verdict === "rebalancing") this.#settings.pace.hurry();
    if (verdict === "member-unknown" || verdict === "generation-over") this.#startAnew(now);
  }

  /** The group has dropped the member: what it has is lost, and it joins again. */
  #startAnew(now: number): void {
    const { pace } = this.#settings;
    this.#forget();
    this.#restarts += 1;
    pace.start(now);
    if (this.#restarts === 1) pace.hurry();
    const state = this.#state;
    if (state.name === "closing") this.#state = { ...state, group: undefined };
    else if (state.name === "inside") this.#state = { name: "outside" };
  }

  #forget(): void {
    this.#life += 1;
    this.#target = undefined;
    this.#told = undefined;
    this.#lacksNames = false;
    this.#isNews = true;
  }

  /** Gives everything up, and then says goodbye: for good, or for now as a static member. */
  #close(leave: boolean): Effects {
    const { owned } = this.#holdings;
    const { memberId, groupInstanceId: instanceId } = this.#settings;
    if (owned.size > 0) return [this.#holdings.revoke(owned)];
    if (!this.#hasAsked || (!leave && instanceId === null)) return this.#end(undefined);
    this.#state = { name: "leaving" };
    const body: HeartbeatBody = {
      memberId,
      memberEpoch: leave ? specialEpoch.leave : specialEpoch.leaveForNow,
      instanceId,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      serverAssignor: null,
      topicPartitions: null,
    };
    return [{ do: "ask", request: { ask: "leave", body } }];
  }

  #fail(error: Error): void {
    this.#forget();
    this.#state = { name: "failing", error };
  }

  #end(error: Error | undefined): Effects {
    this.#forget();
    this.#state = { name: "ended" };
    return [{ do: "end", error }];
  }
}
