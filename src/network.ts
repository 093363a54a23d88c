import net from "node:net";
import tls from "node:tls";

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

/** The way to other processes, passed in wherever it is needed so that a simulation can stand in for it. */
export interface Network {
  /** Begins to connect; what comes of it is told by the events, never within the call. */
  connect(endpoint: Endpoint, events: SocketEvents): Socket;
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
      ? tls.connect({ ...tlsOptions(host, secure), host, port, onread } as tls.ConnectionOptions)
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
};

function tlsOptions(host: string, options: TlsOptions): tls.ConnectionOptions {
  const { serverName, ca, ...rest } = options;
  const name = serverName ?? host;
  return {
    ...rest,
    ...(ca === undefined ? {} : { ca: Array.isArray(ca) ? [...ca] : (ca as string | Buffer) }),
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
