import type { Timer } from "../clock.ts";
import { ConnectionError, DecodeError, type MillraceError } from "../errors.ts";
import { FramePool } from "../frame-pool.ts";
import type { Host } from "../host.ts";
import type { Endpoint, Socket } from "../network.ts";
import {
  type Api,
  ApiVersions,
  encodeRequestHeader,
  FrameReader,
  hasFlexibleResponseHeader,
  Reader,
  skipTags,
  Writer,
} from "../protocol/index.ts";

/** What a connection is made with. */
export interface ConnectionSettings {
  readonly clientId: string;
  /** How long the connection may take to stand, TLS included, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How large an answer may be, in bytes. */
  readonly maxFrameBytes: number;
}

interface Pending {
  readonly api: Api<unknown, never, unknown, never>;
  readonly version: number;
  readonly correlationId: number;
  readonly timer: Timer;
  resolve(response: unknown): void;
  reject(error: Error): void;
}

/** What connections have carried: requests sent, and bytes in both directions. */
export interface Traffic {
  bytesIn: number;
  bytesOut: number;
  requests: number;
}

/**
 * One TCP or TLS connection to a broker: requests go out without waiting for one another, answers
 * come back in the same order. A request that misses its deadline ends the connection, since all
 * answers behind it are stuck too.
 */
export class Connection {
  /** The versions that the broker serves, by API key; set by the handshake. */
  versions: ReadonlyMap<number, readonly [oldest: number, newest: number]> = new Map();
  /** The cluster's finalized feature levels (KIP-584), such as `transaction.version`. */
  features: ReadonlyMap<string, number> = new Map();
  /** When the broker wants the client to authenticate anew (KIP-368), by the clock's `elapsed`. */
  expiresAt: number = Number.POSITIVE_INFINITY;

  readonly endpoint: Endpoint;
  readonly #host: Host;
  readonly #settings: ConnectionSettings;
  readonly #traffic: Traffic;
  readonly #frames: FramePool;
  readonly #pending: Pending[] = [];
  #socket: Socket | undefined;
  #correlationId = 0;
  #failure: Error | undefined;
  #onClose: (() => void) | undefined;
  #isCongested = false;
  readonly #onDrain = new Set<() => void>();

  private constructor(
    endpoint: Endpoint,
    settings: ConnectionSettings,
    host: Host,
    traffic: Traffic,
    frames: FramePool,
  ) {
    this.endpoint = endpoint;
    this.#settings = settings;
    this.#host = host;
    this.#traffic = traffic;
    this.#frames = frames;
  }

  /** Connects; rejects with a {@link ConnectionError} that says what to look at. */
  static open(
    endpoint: Endpoint,
    settings: ConnectionSettings,
    host: Host,
    traffic: Traffic = { bytesIn: 0, bytesOut: 0, requests: 0 },
    frames: FramePool = new FramePool(),
  ): Promise<Connection> {
    const connection = new Connection(endpoint, settings, host, traffic, frames);
    return new Promise((resolve, reject) => connection.#connect(() => resolve(connection), reject));
  }

  /** Whether requests can still be sent. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** How many requests wait for their answer. */
  get inFlight(): number {
    return this.#pending.length;
  }

  /** Whether more was written than the network has taken yet. */
  get isCongested(): boolean {
    return this.#isCongested;
  }

  /** Calls `run` once when the network has taken what was written, or the connection has ended. */
  onDrain(run: () => void): void {
    if (this.#isCongested) this.#onDrain.add(run);
    else run();
  }

  /** Calls `run` once when the connection has ended. */
  onClose(run: () => void): void {
    if (this.#failure) run();
    else this.#onClose = run;
  }

  /** Sends a request and resolves with its decoded answer. */
  request<Request, RequestIn, Response, ResponseIn>(
    api: Api<Request, RequestIn, Response, ResponseIn>,
    version: number,
    body: RequestIn,
    timeoutMs: number,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      const correlationId = this.#write(api, version, body);
      const { clock } = this.#host;
      // A program that was busy past the deadline may find the answer waiting: it is looked for first.
      const onTimeout = () => clock.soon(giveUp);
      const pending: Pending = {
        api: api as unknown as Pending["api"],
        version,
        correlationId,
        timer: clock.after(timeoutMs, onTimeout),
        resolve: resolve as (response: unknown) => void,
        reject,
      };
      const giveUp = () => {
        if (this.#pending.includes(pending)) this.close(this.#timedOut(api.name, timeoutMs));
      };
      this.#pending.push(pending);
    });
  }

  /** Sends a request that the broker does not answer: Produce with acks 0. */
  send<Request, RequestIn, Response, ResponseIn>(
    api: Api<Request, RequestIn, Response, ResponseIn>,
    version: number,
    body: RequestIn,
  ): void {
    if (this.#failure) throw this.#failure;
    this.#write(api, version, body);
  }

  /** Ends the connection; requests under way are rejected with the reason. May be called twice. */
  close(reason?: Error): void {
    if (this.#failure) return;
    const { host, port } = this.endpoint;
    const text = `the connection to ${host}:${port} was closed`;
    this.#fail(reason ?? new ConnectionError("CONNECTION_LOST", text));
    this.#socket?.destroy();
  }

  #connect(onOpen: () => void, onFailure: (error: Error) => void): void {
    const { endpoint } = this;
    const frames = new FrameReader({
      maxFrameBytes: this.#settings.maxFrameBytes,
      trusted: true,
      onFrame: (frame) => this.#receive(frame),
      allocate: (length) => this.#frames.take(length),
    });
    const { connectTimeoutMs } = this.#settings;
    const timer = this.#host.clock.after(connectTimeoutMs, () => {
      const text = `${endpoint.host}:${endpoint.port} did not accept a connection within ${connectTimeoutMs} ms: check address and firewall`;
      this.close(new ConnectionError("CONNECT_TIMED_OUT", text));
    });
    this.#onClose = () => {
      timer.cancel();
      onFailure(this.#failure as Error);
    };
    this.#socket = this.#host.network.connect(endpoint, {
      opened: () => {
        timer.cancel();
        this.#onClose = undefined;
        onOpen();
      },
      target: () => frames.target(),
      filled: (length) => {
        this.#traffic.bytesIn += length;
        try {
          frames.filled(length);
        } catch (error) {
          this.close(error as Error);
        }
      },
      drained: () => this.#drained(),
      closed: (error) => this.#fail(lostError(endpoint, error)),
    });
  }

  #write<Request, RequestIn, Response, ResponseIn>(
    api: Api<Request, RequestIn, Response, ResponseIn>,
    version: number,
    body: RequestIn,
  ): number {
    this.#correlationId = (this.#correlationId + 1) & 0x7fffffff;
    const correlationId = this.#correlationId;
    const writer = new Writer();
    writer.int32(0);
    const { clientId } = this.#settings;
    const header = { apiKey: api.key, apiVersion: version, correlationId, clientId };
    encodeRequestHeader(writer, header, api.isFlexible(version));
    api.request.encode(writer, version, body);
    const { length } = writer;
    const parts = writer.parts();
    (parts[0] as Buffer).writeInt32BE(length - 4, 0);
    this.#traffic.bytesOut += length;
    this.#traffic.requests += 1;
    if (this.#socket?.write(parts) === false) this.#isCongested = true;
    return correlationId;
  }

  #drained(): void {
    this.#isCongested = false;
    const waiting = [...this.#onDrain];
    this.#onDrain.clear();
    for (const run of waiting) run();
  }

  #receive(frame: Buffer): void {
    const reader = new Reader(frame);
    const correlationId = reader.int32();
    const pending = this.#pending[0];
    if (pending?.correlationId !== correlationId) {
      throw new DecodeError("INVALID_VALUE", `an answer to no request: ${correlationId}`, 0);
    }
    this.#pending.shift();
    pending.timer.cancel();
    const { api, version } = pending;
    try {
      if (hasFlexibleResponseHeader(api, version)) skipTags(reader);
      pending.resolve(api.response.decode(reader, versionOfAnswer(api, version, reader)));
    } catch (error) {
      pending.reject(error as Error);
      throw error;
    }
  }

  #fail(reason: Error): void {
    if (this.#failure) return;
    this.#failure = reason;
    for (const { timer, reject } of this.#pending.splice(0)) {
      timer.cancel();
      reject(reason);
    }
    const onClose = this.#onClose;
    this.#onClose = undefined;
    onClose?.();
    this.#drained();
  }

  #timedOut(name: string, timeoutMs: number): MillraceError {
    const { host, port } = this.endpoint;
    const text = `${host}:${port} did not answer ${name} within ${timeoutMs} ms; the connection is given up`;
    return new ConnectionError("REQUEST_TIMED_OUT", text);
  }
}

const unsupportedVersion = 35;

/** KIP-511: a broker that does not know the version of ApiVersions answers in the form of version 0. */
function versionOfAnswer(api: Pending["api"], version: number, reader: Reader): number {
  if (api.key !== ApiVersions.key || reader.remaining < 2) return version;
  return reader.buffer.readInt16BE(reader.position) === unsupportedVersion ? 0 : version;
}

/** Says what ended a connection in the words of someone who has to mend it. */
function lostError({ host, port, tls }: Endpoint, cause: Error | undefined): ConnectionError {
  const code = (cause as { code?: string } | undefined)?.code ?? "";
  const options = cause ? { cause } : {};
  const at = `${host}:${port}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    const text = `the name ${host} could not be resolved: check the address`;
    return new ConnectionError("ADDRESS_NOT_FOUND", text, options);
  }
  if (code === "ECONNREFUSED") {
    const text = `nothing listens on ${at}: check that the broker runs and that address and port are right`;
    return new ConnectionError("CONNECTION_REFUSED", text, options);
  }
  if (isTlsFailure(code, cause)) {
    const text = `TLS with ${at} failed: ${cause?.message}; check the trusted authority (ca), the server name and the client certificate`;
    return new ConnectionError("TLS_FAILED", text, options);
  }
  const hint = tls ? "" : " (a listener that expects TLS or SASL also closes plain connections)";
  const text = `the connection to ${at} was lost${cause ? `: ${cause.message}` : ""}${hint}`;
  return new ConnectionError("CONNECTION_LOST", text, options);
}

function isTlsFailure(code: string, cause: Error | undefined): boolean {
  return (
    code.startsWith("ERR_SSL") ||
    code.startsWith("ERR_TLS") ||
    code.startsWith("CERT_") ||
    code.includes("_CERT") ||
    code.startsWith("UNABLE_TO_") ||
    code === "EPROTO" ||
    (cause?.message.includes("TLS connection was established") ?? false)
  );
}
