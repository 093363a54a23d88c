import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Broker } from "../../src/broker/index.ts";
import {
  CreateTopics,
  FindCoordinator,
  StreamsGroupDescribe,
  StreamsGroupHeartbeat,
} from "../../src/protocol/index.ts";
import { startKafka } from "../../tools/kafka/kafka.ts";
import { RawClient } from "../raw-client.ts";
import {
  both,
  counting,
  internal,
  joining,
  owning,
  silence,
  topologyWith,
} from "../streams-scene.ts";

const configs = {
  "group.streams.initial.rebalance.delay.ms": "500",
  "group.streams.assignment.interval.ms": "0",
};
/** Longer than the initial delay, and than Kafka takes to make a topic. */
const patienceMs = 1_000;
/** COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR. */
const notYet: readonly number[] = [14, 15, 16];
const mostTries = 60;

type Heartbeat = Parameters<typeof StreamsGroupHeartbeat.request.encode>[2];

/** Asks one broker, and keeps what it answers. */
class Transcript {
  readonly answers = new Map<string, unknown>();
  readonly #client: RawClient;

  constructor(client: RawClient) {
    this.#client = client;
  }

  async beat(name: string, request: Partial<Heartbeat>) {
    const full = { ...silence, ...request };
    const answer = await this.#until(() => this.#client.request(StreamsGroupHeartbeat, 0, full));
    this.answers.set(name, answer);
    return answer;
  }

  /** Kafka tells groups and members in no order. */
  async describe(name: string, ...groupIds: string[]): Promise<void> {
    const request = { groupIds, includeAuthorizedOperations: true };
    const { groups } = await this.#client.request(StreamsGroupDescribe, 0, request);
    groups.sort((left, right) => (left.groupId < right.groupId ? -1 : 1));
    for (const { members } of groups) {
      members.sort((left, right) => (left.memberId < right.memberId ? -1 : 1));
    }
    this.answers.set(name, groups);
  }

  async topic(name: string, numPartitions: number): Promise<void> {
    const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
    await this.#client.request(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000 });
    await sleep(patienceMs);
  }

  async ready(): Promise<void> {
    const request = { keyType: 0, coordinatorKeys: ["app"] };
    await this.#until(async () => {
      const { coordinators } = await this.#client.request(FindCoordinator, 4, request);
      return { errorCode: coordinators[0]?.errorCode ?? 0 };
    });
  }

  async #until<Answer extends { readonly errorCode: number }>(
    ask: () => Promise<Answer>,
  ): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      const answer = await ask();
      if (!notYet.includes(answer.errorCode) || tries === mostTries) return answer;
      await sleep(patienceMs / 4);
    }
  }
}

async function twoMembers(script: Transcript): Promise<void> {
  await script.beat("joins without source", joining("a", counting));
  await sleep(patienceMs);
  await script.describe("is not ready", "app", "none", "");
  const beat = async (name: string, memberEpoch: number) =>
    (await script.beat(name, { memberId: "a", memberEpoch })).memberEpoch;
  let epoch = await beat("still lacks its source", 1);
  await script.topic("in", 2);
  epoch = await beat("lacks internal topics", epoch);
  await sleep(patienceMs);
  epoch = await beat("has all topics", epoch);
  epoch = await beat("is stable", epoch);
  await script.describe("is stable, told", "app");
  const userEndpoint = { host: "h", port: 1 };
  const clientTags = [
    { key: "z", value: "1" },
    { key: "a", value: "2" },
  ];
  const b = { ...joining("b", counting), userEndpoint, rackId: "r", clientTags };
  const { memberEpoch } = await script.beat("another joins", b);
  const revoking = await script.beat("must give up", owning("a", epoch, both));
  await script.describe("is giving up, told", "app");
  const kept = revoking.activeTasks ?? [];
  const other = { memberId: "b", memberEpoch };
  await script.beat("waits", { ...other, endpointInformationEpoch: -1 });
  epoch = (await script.beat("has given up", owning("a", epoch, kept))).memberEpoch;
  await script.beat("gets", other);
  await script.beat("knows", { ...other, endpointInformationEpoch: 1 });
  await script.describe("has two, told", "app");
  await script.beat("is ahead", owning("a", 99, kept));
  await script.beat("is behind", owning("a", 1, kept));
  await script.beat("comes again", owning("a", revoking.memberEpoch, kept));
  await script.beat("is unknown", { memberId: "x", memberEpoch: 3 });
  await script.beat("asks too much", owning("a", epoch, [{ subtopologyId: "0", partitions: [7] }]));
  await script.beat(
    "asks for nothing",
    owning("a", epoch, [{ subtopologyId: "9", partitions: [0] }]),
  );
  await script.beat("runs another", joining("c", topologyWith({ "0": { sourceTopics: ["in"] } })));
  await script.beat("runs a newer one", joining("c", { ...counting, epoch: 1 }));
  await script.beat("joins again", joining("a", counting));
  await script.beat("shuts down", { ...other, shutdownApplication: true });
  epoch = await beat("is told of it", epoch);
  await script.beat("leaves", { memberId: "b", memberEpoch: -1 });
  await script.beat("leaves again", { memberId: "b", memberEpoch: -1 });
  await beat("takes all", epoch);
  await script.beat("the last leaves", { memberId: "a", memberEpoch: -1 });
  await script.describe("is empty, told", "app");
}

async function refusals(script: Transcript): Promise<void> {
  const join = joining("c", counting);
  const reading = (...sourceTopics: string[]) => topologyWith({ "0": { sourceTopics } });
  const requests: Readonly<Record<string, Partial<Heartbeat>>> = {
    "no group": { groupId: "nope", memberId: "x", memberEpoch: 3 },
    "no group to leave": { groupId: "nope", memberId: "x", memberEpoch: -1 },
    "an instance": { ...join, instanceId: "i" },
    "no timeout": { ...join, rebalanceTimeoutMs: -1 },
    "no tasks": { ...join, activeTasks: null },
    "one kind of tasks": { memberId: "a", memberEpoch: 4, activeTasks: [] },
    "a static leave": { memberId: "a", memberEpoch: -2 },
    "a strange epoch": { memberId: "a", memberEpoch: -5 },
    "no member": { memberId: "", memberEpoch: 0 },
    "a pattern": { ...join, topology: topologyWith({ "0": { sourceTopicRegex: ["x"] } }) },
    "Kafka's own topic": { ...join, topology: reading("__consumer_offsets") },
    "a bad name": { ...join, topology: reading("a b") },
    "a changelog's number": {
      ...join,
      topology: topologyWith({ "0": { stateChangelogTopics: [internal("l", 2)] } }),
    },
    "a subtopology twice": {
      ...join,
      groupId: "twice",
      topology: { epoch: 0, subtopologies: [...counting.subtopologies, ...counting.subtopologies] },
    },
    "a negative epoch": { ...join, groupId: "negative", topology: { ...counting, epoch: -1 } },
    "an empty topology": { ...join, groupId: "empty", topology: topologyWith({}) },
    "an idle subtopology": {
      ...join,
      groupId: "idle",
      topology: topologyWith({ "0": { stateChangelogTopics: [internal("x")] } }),
    },
    "an orphan": {
      ...join,
      groupId: "orphan",
      topology: topologyWith({ "0": { repartitionSourceTopics: [internal("x")] } }),
    },
  };
  for (const [name, request] of Object.entries(requests)) await script.beat(name, request);
}

async function answersOf(bootstrapServers: string): Promise<ReadonlyMap<string, unknown>> {
  const client = await RawClient.connect(bootstrapServers);
  try {
    const script = new Transcript(client);
    await script.ready();
    await twoMembers(script);
    await refusals(script);
    return script.answers;
  } finally {
    client.close();
  }
}

test("streams groups get the same answers from the embedded broker as from Kafka", async () => {
  await using broker = await Broker.start({ port: 0, configs });
  await using kafka = await startKafka({ properties: configs });
  const ours = await answersOf(broker.bootstrapServers);
  const theirs = await answersOf(kafka.bootstrapServers);
  for (const [name, answer] of ours) assert.deepEqual(answer, theirs.get(name), name);
});
