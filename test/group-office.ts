import type { BrokerHost } from "../src/broker/broker-options.ts";
import { BrokerParts } from "../src/broker/broker-parts.ts";
import type { Handler } from "../src/broker/handlers/handler.ts";
import type { RequestContext } from "../src/broker/server/request-context.ts";
import type { BrokerServices } from "../src/broker/services.ts";
import type { BrokerSettings } from "../src/broker/settings.ts";
import { FramePool } from "../src/frame-pool.ts";
import { silentLogger } from "../src/log.ts";
import { MemoryDisk } from "../src/memory-disk.ts";
import { systemNetwork } from "../src/network.ts";
import { type Api, Reader, Writer } from "../src/protocol/index.ts";
import { systemRandom } from "../src/random.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Who a request is to come from; an operation and a resource's name that are refused. */
export interface Sender {
  readonly denied?: (operation: string, resource: string) => boolean;
  readonly onClose?: RequestContext["onClose"];
}

/** A broker without its edge: its parts on a disk in memory and a virtual clock, asked by its handlers. */
export class GroupOffice {
  readonly clock: VirtualClock;
  readonly parts: BrokerParts;
  readonly disk: MemoryDisk;
  readonly #services: BrokerServices;

  /** Takes over the disk of another one, as after a restart, or begins anew. */
  constructor({
    disk = new MemoryDisk(),
    clock = new VirtualClock(),
    configs = {},
  }: {
    readonly disk?: MemoryDisk;
    readonly clock?: VirtualClock;
    readonly configs?: { readonly [name: string]: string };
  } = {}) {
    this.disk = disk;
    this.clock = clock;
    const host: BrokerHost = { clock, disk, random: systemRandom, network: systemNetwork };
    const settings: BrokerSettings = {
      nodeId: 1,
      listeners: [],
      dataDir: "/data",
      configs: new Map(Object.entries(configs)),
    };
    this.parts = new BrokerParts({ settings, host, logger: silentLogger, clusterId: undefined });
    const { controller, partitions, groups, transactions, fetchSessions } = this.parts;
    this.#services = {
      host,
      logger: silentLogger,
      settings,
      clusterId: controller.clusterId,
      controller,
      partitions,
      groups,
      transactions,
      fetchSessions,
      readMemory: new FramePool(),
      servedApis: [],
      endpoint: () => ({ host: "localhost", port: 9092 }),
    };
  }

  /** Begins to serve, as {@link BrokerParts.open} does, without its background work. */
  async open(): Promise<this> {
    this.parts.partitions.open();
    await this.parts.groups.open();
    this.parts.transactions.start();
    return this;
  }

  close(): void {
    this.parts.transactions.close();
    this.parts.groups.close();
    this.parts.controller.close();
    this.parts.directory.close();
  }

  createTopic(name: string, numPartitions = 1): string {
    const topic = { name, numPartitions, replicationFactor: 1, configs: new Map() };
    return this.parts.controller.createTopic(topic);
  }

  /** Sends a request through its codec and back, so that versions lose what they lose on the wire. */
  async ask<Request, RequestIn, Response, ResponseIn>(
    handler: Handler,
    api: Api<Request, RequestIn, Response, ResponseIn>,
    version: number,
    request: RequestIn,
    sender: Sender = {},
  ): Promise<Response> {
    const there = new Writer();
    api.request.encode(there, version, request);
    const decoded = api.request.decode(new Reader(there.toBuffer()), version);
    const answer = await handler.handle(
      decoded as never,
      contextOf(version, sender),
      this.#services,
    );
    const back = new Writer();
    api.response.encode(back, version, answer as ResponseIn);
    return api.response.decode(new Reader(back.toBuffer()), version);
  }
}

function contextOf(apiVersion: number, { denied, onClose }: Sender): RequestContext {
  const principal = { type: "User", name: "ANONYMOUS" };
  return {
    header: { apiKey: 0, apiVersion, correlationId: 1, clientId: "client" },
    apiVersion,
    clientId: "client",
    clientHost: "127.0.0.1",
    principal,
    listenerName: "PLAINTEXT",
    connectionId: 1,
    clientSoftware: { name: "", version: "" },
    answerBytes: Number.POSITIVE_INFINITY,
    isAllowed: (operation, _type, name) => denied?.(operation, name) !== true,
    isAllowedOnAny: () => true,
    onClose: onClose ?? (() => () => {}),
    giveUp() {},
  };
}
