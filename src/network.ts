import type { X509Certificate } from "node:crypto";
import net from "node:net";
import type tls from "node:tls";

/** How a TLS connection is made and whom it trusts; PEM text or bytes throughout. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, in place of the system's. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The client's own certificate chain, where the broker asks for one. */
  readonly cert?: string | Buffer | undefined;
  /** The private key that belongs to `cert`. */
  readonly key?: string | Buffer | undefined;
  /** What decrypts `key`, where it is encrypted. */
  readonly passphrase?: string | undefined;
  /** The name the broker's certificate must bear; the host that was dialled by default. */
  readonly serverName?: string | undefined;
  /** Whether an untrusted or misnamed certificate ends the connection; true by default. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** Where to connect to. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
}

/** What a socket tells its owner. Nothing is called after `closed`. */
export interface SocketEvents {
  /** The connection stands, TLS included. */
  opened(): void;
  /** Asks for the buffer that the next bytes are read into; at least one byte long. */
  target(): Buffer;
  /** `length` bytes were put into the start of the last target. */
  filled(length: number): void;
  /** What was written has left; called after a `write` that returned false. */
  drained(): void;
  /** The connection is gone, with the reason unless it was closed in an orderly way. */
  closed(error: Error | undefined): void;
}

/** One connection. */
export interface Socket {
  /** Sends the parts in order; returns false when the owner should wait for `drained` before it sends more. */
  write(parts: readonly Buffer[]): boolean;
  /** Ends the connection at once. `closed` follows. */
  destroy(): void;
}

/** How a listener does TLS; PEM text or bytes throughout. */
export interface ServerTlsOptions {
  /** The server's certificate chain. */
  readonly cert: string | Buffer;
  /** The private key that belongs to `cert`. */
  readonly key: string | Buffer;
  /** What decrypts `key`, where it is encrypted. */
  readonly passphrase?: string | undefined;
  /** Certificates of the authorities that clients' certificates must come from. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** Whether clients are asked for a certificate (`ssl.client.auth`); "none" by default. */
  readonly clientAuth?: "none" | "requested" | "required" | undefined;
}

/** Where to listen. */
export interface ListenAddress {
  /** A name or address of this machine. */
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly tls?: ServerTlsOptions | undefined;
  /** How many connections may stand at once; more are closed as they come. */
  readonly maxConnections: number;
}

/** A connection that came in. */
export interface AcceptedSocket extends Socket {
  /** The other side's address as text, without its port. */
  readonly remoteHost: string;
  /** The name in the client's certificate (RFC 2253), where one was asked for and given. */
  readonly peerName: string | undefined;
  /** Reads no more until {@link AcceptedSocket.resume}; the other side's end goes unnoticed meanwhile. */
  pause(): void;
  resume(): void;
  /** Ends the connection once what was written has left. `closed` follows. */
  finish(): void;
}

/** What a server tells its owner. */
export interface ServerEvents {
  /**
   * A connection came in and stands, TLS included: gives who looks after it, or undefined to have it
   * closed. The socket can be used once the call has returned; `opened` is not called.
   */
  accepted(socket: AcceptedSocket): SocketEvents | undefined;
  /** A connection came to nothing, such as one whose TLS handshake failed. */
  rejected(error: Error): void;
}

/** A server that listens. */
export interface Server {
  /** The port it listens on, also where any was asked for. */
  readonly port: number;
  /** Accepts no more. Connections that stand are their owners' to end. May be called twice. */
  close(): void;
}

/** The way to other processes, passed in wherever it is needed so that a simulation can stand in for it. */
export interface Network {
  /** Begins to connect; what comes of it is told by the events, never within the call. */
  connect(endpoint: Endpoint, events: SocketEvents): Socket;
  /** Listens for connections; rejects with the system's error where the address cannot be had. */
  listen(address: ListenAddress, events: ServerEvents): Promise<Server>;
}

/** TLS costs memory and time to load, which a program that does without it need not spend. */
function loadTls(): typeof tls {
  return process.getBuiltinModule("node:tls");
}

/** The network of the machine: TCP without delay, TLS where the endpoint asks for it. */
export const systemNetwork: Network = {
  connect({ host, port, tls: secure }, events) {
    // Bytes go from the kernel into the owner's buffer: no chunk is allocated and none is copied.
    const onread = {
      buffer: () => events.target(),
      callback: (length: number) => {
        events.filled(length);
        return true;
      },
    };
    const socket = secure
      ? loadTls().connect({
          ...tlsOptions(host, secure),
          host,
          port,
          onread,
        } as tls.ConnectionOptions)
      : net.connect({ host, port, onread });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    let failure: Error | undefined;
    socket.once(secure ? "secureConnect" : "connect", () => events.opened());
    socket.on("drain", () => events.drained());
    socket.on("error", (error) => {
      failure = error;
    });
    socket.on("end", () => socket.destroy());
    socket.once("close", () => events.closed(failure));
    return {
      write: (parts) => writeAll(socket, parts),
      destroy: () => void socket.destroy(),
    };
  },
  listen(address, events) {
    const { host, port, tls: secure, maxConnections } = address;
    const server = secure
      ? loadTls().createServer({
          ...serverTlsOptions(secure),
          handshakeTimeout: handshakeTimeoutMs,
        })
      : net.createServer({ pauseOnConnect: true });
    server.maxConnections = maxConnections;
    server.on("tlsClientError", (error: Error) => events.rejected(error));
    if (secure) server.on("secureConnection", (socket) => acceptTls(socket, events));
    else server.on("connection", (socket) => acceptPlain(socket, events));
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, backlog: listenBacklog }, () => {
        server.off("error", reject);
        // Such as EMFILE on accept: the server goes on listening.
        server.on("error", (error) => events.rejected(error));
        const { port: bound } = server.address() as net.AddressInfo;
        resolve({ port: bound, close: () => void server.close() });
      });
    });
  },
};

/** How many connections may wait to be accepted (`socket.listen.backlog.size` is 50; a burst of 1,000 must pass). */
const listenBacklog = 1024;
const handshakeTimeoutMs = 30_000;

/** What Node does not declare: a socket's handle, which another socket can be made over. */
interface WithHandle {
  _handle: unknown;
}

/**
 * Accepted sockets cannot be told to read into the owner's buffer, only new ones can. So the handle
 * goes over to a new one, and the accepted one is left empty.
 */
function acceptPlain(raw: net.Socket, events: ServerEvents): void {
  const owner = raw as unknown as WithHandle;
  const handle = owner._handle;
  if (!handle) {
    raw.destroy();
    return;
  }
  let socket: net.Socket | undefined;
  const take = accept(raw.remoteAddress, undefined, () => socket, events);
  if (!take) {
    raw.destroy();
    return;
  }
  owner._handle = null;
  raw.destroy();
  const onread = {
    buffer: () => take.target(),
    callback: (length: number) => {
      take.filled(length);
      return true;
    },
  };
  const options = { handle, onread, readable: true, writable: true };
  socket = new net.Socket(options as object);
  watch(socket, take);
  socket.resume();
}

function acceptTls(socket: tls.TLSSocket, events: ServerEvents): void {
  const certificate = socket.getPeerX509Certificate();
  // With "requested" a client may come without a certificate, but not with one that nobody vouches for.
  if (certificate && !socket.authorized) {
    socket.destroy();
    events.rejected(
      new Error(`a client's certificate was refused: ${String(socket.authorizationError)}`),
    );
    return;
  }
  const take = accept(socket.remoteAddress, nameIn(certificate), () => socket, events);
  if (!take) {
    socket.destroy();
    return;
  }
  watch(socket, take);
  socket.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length && !socket.destroyed; ) {
      const length = chunk.copy(take.target(), 0, at);
      at += length;
      take.filled(length);
    }
  });
}

function accept(
  remoteHost: string | undefined,
  peerName: string | undefined,
  socket: () => net.Socket | undefined,
  events: ServerEvents,
): SocketEvents | undefined {
  return events.accepted({
    remoteHost: remoteHost?.replace(/^::ffff:/, "") ?? "",
    peerName,
    write: (parts) => writeAll(socket() as net.Socket, parts),
    destroy: () => void socket()?.destroy(),
    pause: () => void socket()?.pause(),
    resume: () => void socket()?.resume(),
    finish: () => socket()?.destroySoon(),
  });
}

function watch(socket: net.Socket, events: SocketEvents): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  let failure: Error | undefined;
  socket.on("drain", () => events.drained());
  socket.on("error", (error) => {
    failure = error;
  });
  socket.on("end", () => socket.destroy());
  socket.once("close", () => events.closed(failure));
}

/** The subject of a certificate as Java's `X500Principal.getName` has it: the last part first. */
function nameIn(certificate: X509Certificate | undefined): string | undefined {
  return certificate?.subject?.split("\n").reverse().join(",");
}

function serverTlsOptions({ clientAuth = "none", ca, ...rest }: ServerTlsOptions): tls.TlsOptions {
  return {
    ...rest,
    ...authorities(ca),
    requestCert: clientAuth !== "none",
    rejectUnauthorized: clientAuth === "required",
  } as tls.TlsOptions;
}

/** Node wants a list of its own, and nothing at all where the system's authorities are meant. */
function authorities(ca: TlsOptions["ca"]): { ca?: string | Buffer | (string | Buffer)[] } {
  if (ca === undefined) return {};
  return { ca: Array.isArray(ca) ? [...ca] : (ca as string | Buffer) };
}

function tlsOptions(host: string, options: TlsOptions): tls.ConnectionOptions {
  const { serverName, ca, ...rest } = options;
  const name = serverName ?? host;
  return {
    ...rest,
    ...authorities(ca),
    // A server name must not be an address (RFC 6066); the certificate is checked against the host anyway.
    ...(net.isIP(name) ? {} : { servername: name }),
  } as tls.ConnectionOptions;
}

function writeAll(socket: net.Socket, parts: readonly Buffer[]): boolean {
  if (parts.length === 1) return socket.write(parts[0] as Buffer);
  socket.cork();
  let hasRoom = true;
  for (const part of parts) hasRoom = socket.write(part);
  socket.uncork();
  return hasRoom;
}
