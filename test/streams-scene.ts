import type { CoordinatorRecord } from "../src/broker/groups/coordinator-record.ts";
import type { Group } from "../src/broker/groups/group.ts";
import type { HeartbeatAnswer, HeartbeatResult } from "../src/broker/groups/streams/heartbeat.ts";
import { checkRequest } from "../src/broker/groups/streams/request-check.ts";
import type { StreamsGroup } from "../src/broker/groups/streams/streams-group.ts";
import { StreamsGroups } from "../src/broker/groups/streams/streams-groups.ts";
import type {
  HeartbeatRequest,
  RequestTopology,
  Subtopology,
  TopicInfo,
} from "../src/broker/groups/streams/topology.ts";
import type { ClusterImage, TopicImage } from "../src/broker/metadata/cluster-image.ts";
import type { TopicToCreate } from "../src/broker/metadata/topic-to-create.ts";

const defaults = new Map([
  ["streams.session.timeout.ms", "45000"],
  ["streams.heartbeat.interval.ms", "5000"],
  ["streams.num.standby.replicas", "0"],
  ["streams.initial.rebalance.delay.ms", "3000"],
  ["streams.assignment.interval.ms", "1000"],
  ["group.streams.max.size", "2147483647"],
]);

/**
 * Streams groups with a log and topics beside them, on a clock that stands still until it is told to
 * move: what is decided is appended and replayed at once, as the coordinator does.
 */
export class StreamsScene {
  readonly log: CoordinatorRecord[] = [];
  readonly topics = new Map<string, TopicImage>();
  readonly settings: Map<string, string>;
  readonly groups: StreamsGroups;
  now = 0;

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.settings = new Map([...defaults, ...Object.entries(settings)]);
    this.groups = this.#newGroups();
  }

  get image(): ClusterImage {
    return { topics: this.topics, features: new Map() } as Partial<ClusterImage> as ClusterImage;
  }

  /** Makes a topic, or gives it more partitions. */
  topic(name: string, partitions: number): void {
    const id = Buffer.from(name.padEnd(16, "-")).toString("hex").slice(0, 32);
    const partition = { leaderEpoch: 0, partitionEpoch: 0, directoryId: id };
    this.topics.set(name, { name, id, partitions: Array(partitions).fill(partition) });
    this.groups.topicsChanged(this.image, [name]);
  }

  /** A heartbeat of a member, and the answer to it. */
  beat(request: Partial<HeartbeatRequest>, existing?: Group): HeartbeatAnswer {
    return this.run(request, existing).answer;
  }

  /** As {@link beat}, with the topics that are to be made. */
  run(request: Partial<HeartbeatRequest>, existing?: Group): HeartbeatResult {
    const full = { ...silence, ...request };
    checkRequest(full);
    const client = { clientId: "client", clientHost: "/127.0.0.1" };
    const group = existing ?? this.groups.groups.get(full.groupId);
    const { records, result } = this.groups.heartbeat(full, client, group, this.now);
    this.append(records);
    return result;
  }

  /** Lets time pass, and does what is due. */
  pass(ms: number): void {
    this.now += ms;
    for (const { records } of this.groups.tick(this.now)) this.append(records);
  }

  append(records: readonly CoordinatorRecord[]): void {
    this.log.push(...records);
    for (const { key, value } of records) this.groups.replay(key, value);
  }

  /** Groups made of the log alone. */
  replayed(): StreamsGroups {
    const groups = this.#newGroups();
    for (const { key, value } of this.log) groups.replay(key, value);
    groups.loaded(this.now);
    return groups;
  }

  /** The group that requests name by default. */
  get group(): StreamsGroup {
    return this.groups.groups.get("app") as StreamsGroup;
  }

  #newGroups(): StreamsGroups {
    const config = (name: string) => this.settings.get(name) ?? "";
    const image = () => this.image;
    return new StreamsGroups({
      clock: { now: () => 1_700_000_000_000 + this.now },
      controller: {
        get image() {
          return image();
        },
        brokerConfig: config,
        groupConfig: (_groupId, name) => config(name),
        createTopic: ({ name, numPartitions }: TopicToCreate) => this.topic(name, numPartitions),
      },
    });
  }
}

/** A heartbeat that tells nothing. */
export const silence: HeartbeatRequest = {
  groupId: "app",
  memberId: "",
  memberEpoch: 0,
  endpointInformationEpoch: 0,
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  topology: null,
  activeTasks: null,
  standbyTasks: null,
  warmupTasks: null,
  processId: null,
  userEndpoint: null,
  clientTags: null,
  taskOffsets: null,
  taskEndOffsets: null,
  shutdownApplication: false,
};

/** The first heartbeat of a member, whose process has its name too. */
export function joining(memberId: string, topology: RequestTopology): Partial<HeartbeatRequest> {
  return {
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 60_000,
    topology,
    activeTasks: [],
    standbyTasks: [],
    warmupTasks: [],
    processId: memberId,
    clientTags: [],
  };
}

/** A topology with defaults for what is left out. */
export function topologyWith(
  subtopologies: Readonly<Record<string, Partial<Subtopology>>>,
  epoch = 0,
): RequestTopology {
  return {
    epoch,
    subtopologies: Object.entries(subtopologies).map(([subtopologyId, given]) => ({
      subtopologyId,
      sourceTopics: [],
      sourceTopicRegex: [],
      stateChangelogTopics: [],
      repartitionSinkTopics: [],
      repartitionSourceTopics: [],
      copartitionGroups: [],
      ...given,
    })),
  };
}

/** An internal topic, with the number of partitions left to the broker unless given. */
export function internal(name: string, partitions = 0): TopicInfo {
  return { name, partitions, replicationFactor: 0, topicConfigs: [] };
}

/** Reads from "in", counts into a store, and passes nothing on. */
export const counting: RequestTopology = topologyWith({
  "0": { sourceTopics: ["in"], stateChangelogTopics: [internal("app-store-changelog")] },
});

/** Settings with which a group assigns at once. */
export const noDelay: Readonly<Record<string, string>> = {
  "streams.initial.rebalance.delay.ms": "0",
  "streams.assignment.interval.ms": "0",
};

/** The tasks of {@link counting} on two partitions: both, and one each. */
export const both = [{ subtopologyId: "0", partitions: [0, 1] }];
/** See {@link both}. */
export const first = [{ subtopologyId: "0", partitions: [0] }];
/** See {@link both}. */
export const second = [{ subtopologyId: "0", partitions: [1] }];

/** A scene with all that {@link counting} needs, two partitions each. */
export function ready(settings = noDelay): StreamsScene {
  const scene = new StreamsScene(settings);
  scene.topic("in", 2);
  scene.topic("app-store-changelog", 2);
  return scene;
}

/** A heartbeat that tells the active tasks of a member. */
export function owning(
  memberId: string,
  memberEpoch: number,
  activeTasks: typeof both,
): Partial<HeartbeatRequest> {
  return { memberId, memberEpoch, activeTasks, standbyTasks: [], warmupTasks: [] };
}
