import assert from "node:assert/strict";
import { Cluster, type ClusterSettings } from "../src/client/cluster.ts";
import { silentLogger } from "../src/log.ts";
import type { Endpoint, Network, Socket, SocketEvents } from "../src/network.ts";
import {
  type Api,
  decodeRequestHeader,
  hasFlexibleResponseHeader,
  type ResponseOf,
} from "../src/protocol/api.ts";
import { ApiVersions } from "../src/protocol/apis/api-versions.ts";
import { Metadata } from "../src/protocol/apis/metadata.ts";
import { Reader, Writer } from "../src/protocol/bytes.ts";
import type { Random } from "../src/random.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What a scripted broker knows about the request it answers. */
export interface Asked {
  readonly broker: number;
  readonly version: number;
}

type Scripted<ResponseIn> = Omit<ResponseIn, "throttleTimeMs">;

interface Answerer {
  readonly api: Api<unknown, never, unknown, never>;
  readonly versions: readonly [oldest: number, newest: number];
  readonly answer: (request: unknown, asked: Asked) => unknown;
}

/** A topic of a scripted cluster: the leader of each partition. */
export interface ScriptedTopic {
  readonly name: string;
  readonly leaders: readonly number[];
  /** The leaders' epochs; unknown ones by default. */
  readonly leaderEpochs?: readonly number[] | undefined;
  /** Unknown by default. */
  readonly id?: string | undefined;
  /** What the metadata says in place of the partitions. */
  readonly errorCode?: number | undefined;
}

const firstPort = 9_000;

/**
 * A cluster that exists in a test only: brokers whose answers are written in the test, behind a
 * network without sockets and a clock that does not wait. All else is the client's own code.
 */
export class ScriptedCluster {
  readonly clock = new VirtualClock();
  /** The ids of the brokers that can be reached. */
  readonly alive: Set<number>;
  /** What the metadata says; may be changed while a test runs. */
  brokers: readonly number[];
  topics: readonly ScriptedTopic[] = [];
  controller: number;
  /** Every request but the handshakes, as "name v3 @1". */
  readonly log: string[] = [];
  readonly cluster: Cluster;
  readonly #answerers = new Map<number, Answerer>();

  constructor(brokers: readonly number[] = [1], settings: Partial<ClusterSettings> = {}) {
    this.brokers = brokers;
    this.alive = new Set(brokers);
    this.controller = brokers[0] ?? -1;
    const network: Network = {
      connect: (endpoint, events) => this.#connect(endpoint, events),
      listen: () => Promise.reject(new Error("nothing listens in a scripted cluster")),
    };
    const host = { clock: this.clock, random: steadyRandom, network };
    this.cluster = new Cluster({ ...defaults(brokers), ...settings }, host, silentLogger);
    this.on(Metadata, (request) => this.#metadata(request.topics));
  }

  /**
   * Has all brokers answer an API; `newest` makes them older than their API's declaration. An answer
   * that is a promise holds back what comes after it on the same connection, as brokers do.
   */
  on<Request, RequestIn, Response, ResponseIn>(
    api: Api<Request, RequestIn, Response, ResponseIn>,
    answer: (
      request: Request,
      asked: Asked,
    ) => Scripted<ResponseIn> | Promise<Scripted<ResponseIn>>,
    newest: number = api.newestStable,
  ): this {
    this.#answerers.set(api.key, {
      api: api as unknown as Answerer["api"],
      versions: [api.versions[0], newest],
      answer: answer as Answerer["answer"],
    });
    return this;
  }

  /** A broker as answers name it. */
  static address(nodeId: number) {
    return { nodeId, host: "scripted", port: firstPort + nodeId };
  }

  #metadata(wanted: readonly { readonly name: string | null }[] | null) {
    const names = wanted?.map(({ name }) => name) ?? this.topics.map(({ name }) => name);
    return {
      brokers: this.brokers.map((nodeId) => ({
        nodeId,
        host: "scripted",
        port: firstPort + nodeId,
      })),
      clusterId: "scripted",
      controllerId: this.controller,
      topics: names.map((name) => {
        const topic = this.topics.find((one) => one.name === name);
        const partitions = (topic?.leaders ?? []).map((leaderId, partitionIndex) => ({
          errorCode: 0,
          partitionIndex,
          leaderId,
          leaderEpoch: topic?.leaderEpochs?.[partitionIndex] ?? -1,
          replicaNodes: [leaderId],
          isrNodes: [leaderId],
        }));
        const { errorCode = topic ? 0 : 3, id: topicId } = topic ?? {};
        return { errorCode, name, partitions, ...(topicId ? { topicId } : {}) };
      }),
    };
  }

  #connect({ port }: Endpoint, events: SocketEvents): Socket {
    const broker = port - firstPort;
    let isOpen = this.alive.has(broker);
    const close = (error?: Error) => queueMicrotask(() => events.closed(error));
    if (isOpen) queueMicrotask(() => events.opened());
    else close(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
    let last: Promise<void> = Promise.resolve();
    return {
      write: (parts) => {
        const reply = this.#reply(Buffer.concat(parts), broker);
        last = last.then(async () => {
          const bytes = await reply;
          if (!isOpen) return;
          if (this.alive.has(broker)) deliver(bytes, events);
          else close();
        });
        return true;
      },
      destroy: () => {
        if (isOpen) close();
        isOpen = false;
      },
    };
  }

  async #reply(frame: Buffer, broker: number): Promise<Buffer> {
    const reader = new Reader(frame, { position: 4 });
    const isFlexible = (key: number, version: number) =>
      key === ApiVersions.key
        ? ApiVersions.isFlexible(version)
        : (this.#answerers.get(key)?.api.isFlexible(version) ?? false);
    const { apiKey, apiVersion: version, correlationId } = decodeRequestHeader(reader, isFlexible);
    const writer = new Writer();
    writer.int32(0);
    writer.int32(correlationId);
    if (apiKey === ApiVersions.key) {
      ApiVersions.response.encode(writer, version, this.#versions());
    } else {
      const { api, answer } = this.#answerer(apiKey);
      this.log.push(`${api.name} v${version} @${broker}`);
      const response = await answer(api.request.decode(reader, version), { broker, version });
      if (hasFlexibleResponseHeader(api, version)) writer.unsignedVarint(0);
      api.response.encode(writer, version, complete(response) as never);
    }
    const bytes = writer.toBuffer();
    bytes.writeInt32BE(bytes.length - 4, 0);
    return bytes;
  }

  #answerer(key: number): Answerer {
    const answerer = this.#answerers.get(key);
    assert.ok(answerer, `no answer is scripted for API ${key}`);
    return answerer;
  }

  #versions(): Omit<ResponseOf<typeof ApiVersions>, "supportedFeatures" | "finalizedFeatures"> {
    const apiKeys = [...this.#answerers].map(([apiKey, { versions }]) => ({
      apiKey,
      minVersion: versions[0],
      maxVersion: versions[1],
    }));
    const offered = { apiKey: ApiVersions.key, minVersion: 0, maxVersion: 3 };
    return {
      errorCode: 0,
      apiKeys: [...apiKeys, offered],
      throttleTimeMs: 0,
      finalizedFeaturesEpoch: -1,
      zkMigrationReady: false,
    };
  }
}

/** Nothing is held back in a scripted cluster. */
function complete(response: unknown): unknown {
  return { throttleTimeMs: 0, ...(response as object) };
}

function deliver(bytes: Buffer, events: SocketEvents): void {
  for (let at = 0; at < bytes.length; ) {
    const target = events.target();
    const copied = bytes.copy(target, 0, at);
    events.filled(copied);
    at += copied;
  }
}

const steadyRandom: Random = {
  float: () => 0.5,
  below: () => 0,
  bytes: (count) => Buffer.alloc(count),
  uuid: () => "00000000-0000-4000-8000-000000000000",
};

function defaults(brokers: readonly number[]): ClusterSettings {
  return {
    bootstrap: brokers.map(ScriptedCluster.address),
    clientId: "test",
    tls: undefined,
    sasl: undefined,
    connectTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1_000,
    retryBackoffMs: 100,
    retryBackoffMaxMs: 1_000,
    maxFrameBytes: 1 << 20,
    metadataMaxAgeMs: 300_000,
    allowAutoTopicCreation: true,
  };
}
