import { FramePool } from "../frame-pool.ts";
import { silentLogger } from "../log.ts";
import { MemoryDisk } from "../memory-disk.ts";
import { type BrokerOptions, brokerSettings, systemBrokerHost } from "./broker-options.ts";
import { BrokerParts } from "./broker-parts.ts";
import { handlers } from "./handlers/all.ts";
import { newAuthentications, newAuthorizer } from "./security/broker-security.ts";
import { Dispatch } from "./server/dispatch.ts";
import { HeldMemory } from "./server/held-memory.ts";
import {
  Connections,
  endIdleConnections,
  Listener,
  type ListenerShare,
} from "./server/listener.ts";
import type { BrokerServices } from "./services.ts";
import type { BrokerSettings, ListenerSettings } from "./settings.ts";

/** What a broker has at most of connections, unless `max.connections` says less. */
const mostConnections = 10_000;
/** What requests that are still arriving may hold, unless `queued.max.request.bytes` says otherwise. */
const arrivingBytes = 256 * 1024 * 1024;
/** What answers may hold that clients have not read yet. */
const leavingBytes = 256 * 1024 * 1024;

/**
 * An embedded Kafka broker: one node, which Kafka's own clients cannot tell from Apache Kafka. Its
 * data lies in a directory, or in memory alone.
 *
 * @example
 * await using broker = await Broker.start({ port: 0 });
 * await using client = new Client({ bootstrapServers: broker.bootstrapServers });
 */
export class Broker {
  readonly #settings: BrokerSettings;
  readonly #parts: BrokerParts;
  readonly #listeners: readonly Listener[];
  readonly #connections = new Connections();
  readonly #stopSweeping: () => void;
  #isClosed = false;

  private constructor(
    options: BrokerOptions,
    settings: BrokerSettings,
    listeners: readonly Listener[],
  ) {
    const { logger = silentLogger, host: given = systemBrokerHost, clusterId } = options;
    // Without a directory there is no disk to speak of, whatever the machine has.
    const host = settings.dataDir === undefined ? { ...given, disk: new MemoryDisk() } : given;
    this.#settings = settings;
    this.#listeners = listeners;
    const parts = new BrokerParts({ settings, host, logger, clusterId });
    this.#parts = parts;
    const { controller, partitions, groups, transactions, fetchSessions } = parts;
    const services: BrokerServices = {
      host,
      logger,
      settings,
      clusterId: controller.clusterId,
      controller,
      partitions,
      groups,
      transactions,
      fetchSessions,
      readMemory: new FramePool(),
      servedApis,
      endpoint: (name) => this.#endpoint(name),
    };
    try {
      const share = this.#share(services);
      parts.open(settings);
      this.#stopSweeping = endIdleConnections(
        this.#connections,
        share.limits.maxIdleMs,
        host.clock,
      );
      for (const listener of listeners) listener.serve(share);
    } catch (error) {
      parts.close();
      throw error;
    }
  }

  /**
   * Starts a broker; resolves once it serves. Rejects with a `MillraceError` INVALID_ARGUMENT for
   * options that cannot be, with the system's error where it cannot listen, and with a `BrokerError`
   * where the data cannot be read.
   */
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    const asked = brokerSettings(options);
    const { network } = options.host ?? systemBrokerHost;
    const listeners: Listener[] = [];
    try {
      for (const settings of asked.listeners) {
        listeners.push(await Listener.open(settings, network, mostConnections));
      }
      // From here to the first answer nothing awaits, so that nobody finds the broker half open.
      const bound = listeners.map(({ settings, port }) => ({ ...settings, port }));
      return new Broker(options, { ...asked, listeners: bound }, listeners);
    } catch (error) {
      for (const listener of listeners) listener.close();
      throw error;
    }
  }

  /** Where clients connect to: "host:port" of the first listener. */
  get bootstrapServers(): string {
    const { host, port } = reachedAt(this.#settings.listeners[0] as ListenerSettings);
    return `${host}:${port}`;
  }

  /** The id of the cluster, as in the data directory. */
  get clusterId(): string {
    return this.#parts.controller.clusterId;
  }

  /** The port of a listener by its name; of the first one by default. */
  port(listenerName?: string): number | undefined {
    const [first] = this.#settings.listeners;
    const name = listenerName ?? first?.name;
    return this.#settings.listeners.find((listener) => listener.name === name)?.port;
  }

  /** Stops: no connection is left open, and all data is safe on disk. May be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.close();
    this.#stopSweeping();
    for (const connection of [...this.#connections]) connection.close();
    this.#parts.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #endpoint(listenerName: string): { readonly host: string; readonly port: number } {
    const { listeners } = this.#settings;
    const found = listeners.find(({ name }) => name === listenerName) ?? listeners[0];
    return reachedAt(found as ListenerSettings);
  }

  #share(services: BrokerServices): ListenerShare {
    const { controller, logger, host } = services;
    const { clock } = host;
    const number = (name: string) => Number(controller.brokerConfig(name));
    const queued = number("queued.max.request.bytes");
    return {
      services,
      dispatch: new Dispatch(handlers),
      clock,
      logger,
      authorizer: newAuthorizer(controller),
      frames: new FramePool(),
      arriving: new HeldMemory(queued > 0 ? queued : arrivingBytes, clock),
      leaving: new HeldMemory(leavingBytes, clock),
      maxFrameBytes: number("socket.request.max.bytes"),
      maxLoginBytes: number("sasl.server.max.receive.size"),
      limits: {
        maxConnections: Math.min(number("max.connections"), mostConnections),
        maxConnectionsPerHost: number("max.connections.per.ip"),
        maxIdleMs: number("connections.max.idle.ms"),
      },
      connections: this.#connections,
      newAuthentication: newAuthentications({
        settings: this.#settings,
        controller,
        clock,
        random: host.random,
      }),
    };
  }
}

const servedApis = handlers
  .map(({ api: { key: apiKey }, versions: [minVersion, maxVersion] }) => ({
    apiKey,
    minVersion,
    maxVersion,
  }))
  .sort((left, right) => left.apiKey - right.apiKey);

function reachedAt({ host, port, advertisedHost, advertisedPort }: ListenerSettings) {
  return { host: advertisedHost ?? host, port: advertisedPort ?? port };
}
