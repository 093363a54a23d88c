import { ClassicGroups } from "../src/broker/groups/classic-groups.ts";
import type { JoinEvent } from "../src/broker/groups/classic-protocol.ts";
import { ConsumerGroups } from "../src/broker/groups/consumer/consumer-groups.ts";
import type {
  ConsumerHeartbeat,
  ConsumerHeartbeatAnswer,
} from "../src/broker/groups/consumer/heartbeat.ts";
import { type CoordinatorRecord, recordKindOf } from "../src/broker/groups/coordinator-record.ts";
import type { Decision, DueRecords } from "../src/broker/groups/group-kind.ts";
import type { ClusterImage, TopicImage } from "../src/broker/metadata/cluster-image.ts";
import { ConsumerProtocolSubscription, Writer } from "../src/protocol/index.ts";

const startedAt = 1_700_000_000_000;
const partition = {
  leaderEpoch: 0,
  partitionEpoch: 0,
  directoryId: "00000000-0000-0000-0000-000000000001",
};

/** A member's heartbeat, in which all but the ids may be left out. */
export type Beat = Partial<ConsumerHeartbeat>;

/** Consumer and classic groups on a log in memory, with a clock and topics that the test sets. */
export class ScriptedConsumerGroups {
  readonly configs: Map<string, string> = new Map([
    ["group.consumer.max.size", "2147483647"],
    ["group.max.size", "2147483647"],
    ["group.consumer.migration.policy", "bidirectional"],
    ["group.consumer.assignors", "uniform,range"],
    ["group.consumer.regex.refresh.interval.ms", "600000"],
    ["consumer.session.timeout.ms", "45000"],
    ["consumer.heartbeat.interval.ms", "5000"],
    ["consumer.assignment.interval.ms", "0"],
  ]);
  readonly log: CoordinatorRecord[] = [];
  readonly classic: ClassicGroups;
  readonly consumer: ConsumerGroups;
  readonly #topics = new Map<string, TopicImage>();
  now = 1000;
  #ids = 0;

  constructor() {
    const random = { uuid: () => `id-${String(++this.#ids)}` };
    this.classic = new ClassicGroups({
      settings: {
        sessionTimeoutMs: { min: 0, max: 1_000_000 },
        initialRebalanceDelayMs: 0,
        maxSize: 1000,
      },
      random: { ...random, float: () => 0, below: () => 0, bytes: (count) => Buffer.alloc(count) },
      timestamp: () => startedAt + this.now,
    });
    const config = (name: string) => this.configs.get(name) ?? "";
    this.consumer = new ConsumerGroups({
      image: () => this.image,
      configs: { brokerConfig: config, groupConfig: (_groupId, name) => config(name) },
      clock: { now: () => startedAt + this.now },
      random,
      installClassic: (group, now, options) => this.classic.install(group, now, options),
    });
  }

  get image(): ClusterImage {
    const byId = [...this.#topics.values()].map((topic) => [topic.id, topic] as const);
    return {
      topics: this.#topics,
      topicsById: new Map(byId),
      configs: () => undefined,
      scramCredential: () => undefined,
      scramUsers: () => new Map(),
      acls: [],
      quotas: [],
      features: new Map(),
    };
  }

  /** Makes a topic, or has it grow. */
  topic(name: string, partitionCount: number, id = topicId(name)): void {
    this.#topics.set(name, { name, id, partitions: new Array(partitionCount).fill(partition) });
    this.consumer.topicsChanged(this.image, [name]);
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name);
    this.consumer.topicsChanged(this.image, [name]);
  }

  /** A heartbeat of a member of group "g". */
  beat(memberId: string, memberEpoch: number, beat: Beat = {}): ConsumerHeartbeatAnswer {
    const event: ConsumerHeartbeat = {
      groupId: "g",
      memberId,
      memberEpoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: null,
      apiVersion: 1,
      clientId: "client",
      clientHost: "/127.0.0.1",
      isVisible: () => true,
      ...beat,
    };
    this.consumer.checkHeartbeat(event);
    const existing =
      this.consumer.groups.get(event.groupId) ?? this.classic.groups.get(event.groupId);
    return this.apply(this.consumer.memberHeartbeat(event, existing, this.now));
  }

  /** The heartbeat of one who joins, subscribed to these topics. */
  join(memberId: string, topics: readonly string[], beat: Beat = {}): ConsumerHeartbeatAnswer {
    const first = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: topics, topicPartitions: [] };
    return this.beat(memberId, 0, { ...first, ...beat });
  }

  /** Appends and replays what was decided. */
  apply<Result>({ records, result, settle, afterwards }: Decision<Result>): Result {
    this.log.push(...records);
    if (settle === undefined) for (const record of records) this.replay(record);
    settle?.(undefined);
    afterwards?.();
    return result;
  }

  replay({ key, value }: CoordinatorRecord): void {
    const kind = recordKindOf(key);
    if (kind === 2) this.classic.replay(key, value);
    else this.consumer.replay(key, value);
  }

  /** Lets time pass, and what it brings happen. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const at = Math.min(this.consumer.nextTickAt ?? end, this.classic.nextTickAt ?? end);
      this.now = Math.max(this.now, Math.min(at, end));
      const due: DueRecords[] = [...this.consumer.tick(this.now), ...this.classic.tick(this.now)];
      for (const one of due) this.apply({ ...one, result: undefined });
      if (at >= end) break;
    }
    this.now = end;
  }

  /** What each member has, as "topic-partition" in order. */
  owned(groupId = "g"): { readonly [memberId: string]: string } {
    const members = this.consumer.groups.get(groupId)?.members.values() ?? [];
    const names = this.image.topicsById;
    const texts = [...members].map(({ id, assigned }) => {
      const list = [...assigned].flatMap(([topic, epochs]) =>
        [...epochs.keys()].map((one) => `${names.get(topic)?.name ?? topic}-${one}`),
      );
      return [id, list.sort().join(" ")] as const;
    });
    return Object.fromEntries(texts);
  }
}

/** The id that a topic of this name is given. */
export function topicId(name: string): string {
  const hex = Buffer.from(name.padEnd(16, "\0")).toString("hex").slice(0, 32);
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, index) => hex.slice(cuts[index], end))
    .join("-");
}

/** A JoinGroup of a consumer in group "g", subscribed to these topics. */
export function classicJoin(
  memberId: string,
  topics: readonly string[],
  ownedPartitions: readonly { readonly topic: string; readonly partitions: number[] }[] = [],
): JoinEvent {
  const writer = new Writer();
  writer.int16(1);
  ConsumerProtocolSubscription.encode(writer, 1, { topics, ownedPartitions });
  return {
    groupId: "g",
    memberId,
    groupInstanceId: null,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: writer.toBuffer() }],
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 60_000,
    reason: null,
    apiVersion: 9,
    clientId: "client",
    clientHost: "/127.0.0.1",
  };
}
