import { MillraceError } from "../errors.ts";
import type { FramePool } from "../frame-pool.ts";
import type { Host } from "../host.ts";
import type { Endpoint, TlsOptions } from "../network.ts";
import type { Api } from "../protocol/index.ts";
import { Backoff } from "./backoff.ts";
import { Connection, type Traffic } from "./connection.ts";
import { type SaslOptions, shakeHands } from "./handshake.ts";

/** How the client reaches brokers. */
export interface LinkSettings {
  readonly clientId: string;
  readonly tls: TlsOptions | undefined;
  readonly sasl: SaslOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  readonly maxFrameBytes: number;
}

/**
 * The way to one broker: a connection per lane, made when it is first needed and made anew, after a
 * back-off, when it was lost. Requests in different lanes do not wait for one another: a long poll in
 * one must not hold up a heartbeat in another.
 */
export class BrokerLink {
  readonly endpoint: Endpoint;
  readonly #settings: LinkSettings;
  readonly #host: Host;
  readonly #traffic: Traffic;
  readonly #frames: FramePool;
  readonly #lanes = new Map<string, Promise<Connection>>();
  readonly #open = new Set<Connection>();
  readonly #backoff: Backoff;
  #blockedUntil = 0;
  #isClosed = false;

  constructor(
    address: { readonly host: string; readonly port: number },
    settings: LinkSettings,
    host: Host,
    traffic: Traffic,
    frames: FramePool,
  ) {
    this.endpoint = { host: address.host, port: address.port, tls: settings.tls };
    this.#settings = settings;
    this.#host = host;
    this.#traffic = traffic;
    this.#frames = frames;
    const { reconnectBackoffMs, reconnectBackoffMaxMs } = settings;
    this.#backoff = new Backoff(reconnectBackoffMs, reconnectBackoffMaxMs, host.random);
  }

  /** Whether some lane stands: such a broker is asked before others. */
  get isConnected(): boolean {
    return this.#open.size > 0;
  }

  /** The lane's connection, ready for requests. */
  connection(lane: string): Promise<Connection> {
    if (this.#isClosed) return Promise.reject(closedError());
    const known = this.#lanes.get(lane);
    if (known) return known;
    const opening = this.#connect(lane);
    this.#lanes.set(lane, opening);
    opening.catch(() => this.#forget(lane, opening));
    return opening;
  }

  /** Ends a lane's connection. */
  closeLane(lane: string): void {
    const connection = this.#lanes.get(lane);
    this.#lanes.delete(lane);
    connection?.then(
      (open) => open.close(),
      () => {},
    );
  }

  /** Ends all connections. May be called twice. */
  close(): void {
    this.#isClosed = true;
    for (const lane of [...this.#lanes.keys()]) this.closeLane(lane);
    for (const connection of this.#open) connection.close();
  }

  async #connect(lane: string): Promise<Connection> {
    const { clock } = this.#host;
    const wait = this.#blockedUntil - clock.elapsed();
    if (wait > 0) await clock.sleep(wait);
    if (this.#isClosed) throw closedError();
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(
        this.endpoint,
        this.#settings,
        this.#host,
        this.#traffic,
        this.#frames,
      );
      this.#open.add(connection);
      const opened = connection;
      connection.onClose(() => this.#open.delete(opened));
      const { sasl, requestTimeoutMs: timeoutMs } = this.#settings;
      await shakeHands(connection, { sasl, timeoutMs, host: this.#host });
    } catch (error) {
      connection?.close();
      this.#blockedUntil = clock.elapsed() + this.#backoff.next();
      throw error;
    }
    if (this.#isClosed) {
      connection.close();
      throw closedError();
    }
    this.#backoff.reset();
    this.#watch(lane, connection);
    return connection;
  }

  /** Lets go of the lane when its connection has ended, or when the broker wants a new log-in. */
  #watch(lane: string, connection: Connection): void {
    const mine = () => this.#lanes.get(lane);
    const current = mine();
    const forget = () => {
      if (mine() === current && current) this.#forget(lane, current);
    };
    if (Number.isFinite(connection.expiresAt)) {
      const { clock } = this.#host;
      const renewal = clock.after(connection.expiresAt - clock.elapsed(), () => {
        forget();
        this.#retire(connection);
      });
      connection.onClose(() => {
        renewal.cancel();
        this.#open.delete(connection);
        forget();
      });
      return;
    }
    connection.onClose(() => {
      this.#open.delete(connection);
      forget();
    });
  }

  /** Ends a connection as soon as its requests are answered; each of them has a deadline. */
  #retire(connection: Connection): void {
    if (connection.inFlight === 0) {
      connection.close();
      return;
    }
    this.#host.clock.after(100, () => this.#retire(connection));
  }

  #forget(lane: string, connection: Promise<Connection>): void {
    if (this.#lanes.get(lane) === connection) this.#lanes.delete(lane);
  }
}

/** The newest version of an API that both this client and the broker know; `limit` caps it. */
export function commonVersion(
  { versions }: Connection,
  api: Api<unknown, never, unknown, never>,
  limit: number = api.newestStable,
): number {
  const offered = versions.get(api.key);
  const newest = Math.min(offered?.[1] ?? -1, api.newestStable, limit);
  const oldest = Math.max(offered?.[0] ?? 0, api.versions[0]);
  if (newest >= oldest) return newest;
  const serves = offered ? `versions ${offered[0]} to ${offered[1]}` : "none of its versions";
  const text = `${api.name} is needed in a version from ${api.versions[0]} to ${limit}, but the broker serves ${serves}`;
  throw new MillraceError("UNSUPPORTED_VERSION", text);
}

function closedError(): MillraceError {
  return new MillraceError("CLOSED", "the client was closed");
}
