import type { Clock, Timer } from "../../clock.ts";
import type { AcceptedSocket, Network, Server, SocketEvents } from "../../network.ts";
import type { Principal } from "../security/authorizer.ts";
import type { ListenerSettings } from "../settings.ts";
import type { NewAuthentication } from "./authentication.ts";
import { Connection, type ConnectionShare } from "./connection.ts";

/** How many connections there may be, and how long they may be silent. */
export interface ConnectionLimits {
  /** Over all listeners (`max.connections`). */
  readonly maxConnections: number;
  /** Over all listeners (`max.connections.per.ip`). */
  readonly maxConnectionsPerHost: number;
  /** `connections.max.idle.ms`. */
  readonly maxIdleMs: number;
}

/** What the listeners of one broker share once it serves. */
export interface ListenerShare extends ConnectionShare {
  readonly limits: ConnectionLimits;
  /** The connections of all listeners. */
  readonly connections: Connections;
  /** Makes the authentication of connections to SASL listeners. */
  readonly newAuthentication: NewAuthentication;
}

/** The connections of one broker, numbered as they come. */
export class Connections {
  readonly #all = new Set<Connection>();
  readonly #perHost = new Map<string, number>();
  #lastId = 0;
  /** How many were refused. */
  refused = 0;

  /** How many were ever accepted. */
  get accepted(): number {
    return this.#lastId;
  }

  get count(): number {
    return this.#all.size;
  }

  get nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  countFrom(host: string): number {
    return this.#perHost.get(host) ?? 0;
  }

  add(connection: Connection): void {
    this.#all.add(connection);
    const host = connection.clientHost;
    this.#perHost.set(host, this.countFrom(host) + 1);
  }

  delete(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    const host = connection.clientHost;
    const left = this.countFrom(host) - 1;
    if (left > 0) this.#perHost.set(host, left);
    else this.#perHost.delete(host);
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#all.values();
  }
}

/** The name that everyone has who does not authenticate. */
const anonymous: Principal = { type: "User", name: "ANONYMOUS" };
/** How often silent connections are looked for. */
const sweepMs = 60_000;
/** How often the refusal of connections is worth a line in the log. */
const refusalLogMs = 10_000;

/** One address that the broker listens on; connections are refused until it serves. */
export class Listener {
  readonly settings: ListenerSettings;
  readonly #server: Server;
  readonly #door: Door;

  private constructor(settings: ListenerSettings, server: Server, door: Door) {
    this.settings = settings;
    this.#server = server;
    this.#door = door;
  }

  /** Begins to listen; rejects with the system's error where the address cannot be had. */
  static async open(
    settings: ListenerSettings,
    network: Network,
    maxConnections: number,
  ): Promise<Listener> {
    const door = new Door(settings);
    const { host, port, tls } = settings;
    const server = await network.listen({ host, port, tls, maxConnections }, door);
    return new Listener(settings, server, door);
  }

  get port(): number {
    return this.#server.port;
  }

  /** Lets clients in from now on. */
  serve(share: ListenerShare): void {
    this.#door.share = share;
  }

  /** Lets nobody in any more; may be called twice. */
  close(): void {
    this.#door.share = undefined;
    this.#server.close();
  }
}

/** Lets clients in, or not. */
class Door {
  share: ListenerShare | undefined;
  readonly #settings: ListenerSettings;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: ListenerSettings) {
    this.#settings = settings;
  }

  accepted(socket: AcceptedSocket): SocketEvents | undefined {
    const { share } = this;
    if (share === undefined) return undefined;
    const { connections, limits } = share;
    if (
      connections.count >= limits.maxConnections ||
      connections.countFrom(socket.remoteHost) >= limits.maxConnectionsPerHost
    ) {
      this.#refused(share, { clientHost: socket.remoteHost, connections: connections.count });
      return undefined;
    }
    const { name, protocol } = this.#settings;
    const isSasl = protocol === "SASL_PLAINTEXT" || protocol === "SASL_SSL";
    const connection = new Connection(socket, share, {
      id: connections.nextId,
      listenerName: name,
      principal:
        socket.peerName === undefined ? anonymous : { type: "User", name: socket.peerName },
      authentication: isSasl
        ? share.newAuthentication({ listenerName: name, clientHost: socket.remoteHost })
        : undefined,
      onEnd: (ended) => connections.delete(ended),
    });
    connections.add(connection);
    return connection;
  }

  rejected(error: Error): void {
    if (this.share) this.#refused(this.share, { error: error.message });
  }

  #refused({ clock, logger, connections }: ListenerShare, reason: object): void {
    connections.refused += 1;
    const now = clock.elapsed();
    if (now - this.#refusedAt < refusalLogMs) return;
    this.#refusedAt = now;
    logger.warn({ listener: this.#settings.name, ...reason }, "a connection was refused");
  }
}

/** Ends connections that have been silent for too long; gives the way to stop that. */
export function endIdleConnections(
  connections: Connections,
  maxIdleMs: number,
  clock: Clock,
): () => void {
  let timer: Timer;
  const sweep = () => {
    const oldest = clock.elapsed() - maxIdleMs;
    for (const connection of connections) {
      if (connection.lastActiveAt < oldest && !connection.isWaiting) {
        connection.giveUp("it was silent for longer than connections.max.idle.ms");
      }
    }
    timer = clock.after(Math.min(sweepMs, maxIdleMs), sweep);
  };
  timer = clock.after(Math.min(sweepMs, maxIdleMs), sweep);
  return () => timer.cancel();
}
