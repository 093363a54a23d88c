import type { DiskLock } from "../disk-lock.ts";
import { FramePool } from "../frame-pool.ts";
import { silentLogger } from "../log.ts";
import { MemoryDisk } from "../memory-disk.ts";
import type { Server } from "../network.ts";
import { type BrokerOptions, brokerSettings, systemBrokerHost } from "./broker-options.ts";
import { BrokerParts } from "./broker-parts.ts";
import { handlers } from "./handlers/all.ts";
import { lockDirectory } from "./log/directory-lock.ts";
import { brokerMetrics, type MetricSources } from "./metrics/broker-metrics.ts";
import { serveMetrics } from "./metrics/metrics-endpoint.ts";
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
  readonly #premises: Premises;
  readonly #connections = new Connections();
  readonly #metrics: MetricSources;
  readonly #stopSweeping: () => void;
  #isClosed = false;

  private constructor(options: BrokerOptions, settings: BrokerSettings, premises: Premises) {
    const { logger = silentLogger, host: given = systemBrokerHost, clusterId } = options;
    // Without a directory there is no disk to speak of, whatever the machine has.
    const host = settings.dataDir === undefined ? { ...given, disk: new MemoryDisk() } : given;
    this.#settings = settings;
    this.#premises = premises;
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
      this.#metrics = this.#metricSources(share);
      for (const listener of premises.listeners) listener.serve(share);
    } catch (error) {
      parts.close();
      throw error;
    }
  }

  /**
   * Starts a broker; resolves once it serves. Rejects with a `MillraceError` INVALID_ARGUMENT for
   * options that cannot be and INVALID_STATE where another broker has the data directory, with the
   * system's error where it cannot listen, and with a `BrokerError` where the data cannot be read.
   */
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    const asked = brokerSettings(options);
    const { logger = silentLogger, host = systemBrokerHost } = options;
    const { clock, network, disk } = host;
    const { dataDir, metrics } = asked;
    const premises: Premises = { lock: undefined, listeners: [], metrics: undefined };
    let broker: Broker | undefined;
    try {
      if (dataDir !== undefined) premises.lock = lockDirectory(dataDir, disk);
      for (const settings of asked.listeners) {
        premises.listeners.push(await Listener.open(settings, network, mostConnections));
      }
      if (metrics !== undefined) {
        const read = () => broker?.metrics();
        premises.metrics = await serveMetrics(metrics, { read, clock, logger });
      }
      // From here to the first answer nothing awaits, so that nobody finds the broker half open.
      const bound = premises.listeners.map(({ settings, port }) => ({ ...settings, port }));
      broker = new Broker(options, { ...asked, listeners: bound }, premises);
      return broker;
    } catch (error) {
      shut(premises);
      premises.lock?.release();
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

  /** The port that metrics are served on; undefined where they are not. */
  get metricsPort(): number | undefined {
    return this.#premises.metrics?.port;
  }

  /** What the broker has done so far and how it is, as text in Prometheus' format. */
  metrics(): string {
    return brokerMetrics(this.#metrics);
  }

  /** Stops: no connection is left open, and all data is safe on disk. May be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    shut(this.#premises);
    this.#stopSweeping();
    for (const connection of [...this.#connections]) connection.close();
    try {
      this.#parts.close();
    } finally {
      this.#premises.lock?.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #endpoint(listenerName: string): { readonly host: string; readonly port: number } {
    const { listeners } = this.#settings;
    const found = listeners.find(({ name }) => name === listenerName) ?? listeners[0];
    return reachedAt(found as ListenerSettings);
  }

  #metricSources({ services, arriving, leaving, dispatch }: ListenerShare): MetricSources {
    const { partitions, groups } = services;
    return {
      partitions,
      groups,
      upkeep: this.#parts.upkeep,
      dispatch,
      listeners: this.#settings.listeners.map(({ name }) => name),
      connections: this.#connections,
      arriving,
      leaving,
      isOnDisk: this.#settings.dataDir !== undefined,
    };
  }

  #share(services: BrokerServices): ListenerShare {
    const { controller, logger, host } = services;
    const { clock } = host;
    const number = (name: string) => Number(controller.brokerConfig(name));
    const queued = number("queued.max.request.bytes");
    return {
      services,
      dispatch: new Dispatch(handlers, clock),
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

/** What a broker has taken of the machine before it opens its data. */
interface Premises {
  readonly listeners: Listener[];
  /** That of the data directory, if there is one. */
  lock: DiskLock | undefined;
  /** Where metrics are served, if they are. */
  metrics: Server | undefined;
}

/** Lets nobody in any more. */
function shut({ listeners, metrics }: Premises): void {
  for (const listener of listeners) listener.close();
  metrics?.close();
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
