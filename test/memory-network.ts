import { MillraceError } from "../src/errors.ts";
import type {
  AcceptedSocket,
  Endpoint,
  ListenAddress,
  Network,
  Server,
  ServerEvents,
  Socket,
  SocketEvents,
} from "../src/network.ts";

/** What one side may have on its way before it is asked to wait. */
const highWaterBytes = 64 * 1024;

/**
 * A network within this process, for tests on a virtual clock: bytes arrive as soon as promises that
 * can settle have settled, so that no time passes on the way. Everybody's address is the one asked for.
 */
export class MemoryNetwork implements Network {
  readonly #listeners = new Map<number, ServerEvents>();
  #lastPort = 50_000;

  connect({ host, port }: Endpoint, events: SocketEvents): Socket {
    const here = new Side();
    const there = new Side();
    here.peer = there;
    there.peer = here;
    here.events = events;
    queueMicrotask(() => {
      const accepted = this.#listeners.get(port)?.accepted(there.accepted(host));
      if (accepted === undefined) {
        here.end(Object.assign(new Error(`nothing listens on ${port}`), { code: "ECONNREFUSED" }));
        return;
      }
      there.events = accepted;
      events.opened();
      here.pump();
    });
    return here;
  }

  async listen({ port, maxConnections }: ListenAddress, events: ServerEvents): Promise<Server> {
    if (maxConnections < 1) throw new MillraceError("INVALID_ARGUMENT", "no connection is allowed");
    this.#lastPort += 1;
    const bound = port === 0 ? this.#lastPort : port;
    this.#listeners.set(bound, events);
    return { port: bound, close: () => void this.#listeners.delete(bound) };
  }
}

/** One end of a connection, and what is on its way from it. */
class Side implements Socket {
  peer: Side | undefined;
  events: SocketEvents | undefined;
  #sending: Buffer[] = [];
  #bytes = 0;
  #isPaused = false;
  #isPumping = false;
  #isFinishing = false;
  #isEnded = false;
  #isCongested = false;

  accepted(remoteHost: string): AcceptedSocket {
    return {
      remoteHost,
      peerName: undefined,
      write: (parts) => this.write(parts),
      destroy: () => this.destroy(),
      pause: () => {
        this.#isPaused = true;
      },
      resume: () => {
        this.#isPaused = false;
        this.peer?.pump();
      },
      finish: () => {
        this.#isFinishing = true;
        this.pump();
      },
    };
  }

  write(parts: readonly Buffer[]): boolean {
    if (this.#isEnded) return true;
    for (const part of parts) {
      // A network does not keep what it was given: who sent it may use the memory again.
      this.#sending.push(Buffer.from(part));
      this.#bytes += part.length;
    }
    this.pump();
    this.#isCongested = this.#bytes >= highWaterBytes;
    return !this.#isCongested;
  }

  destroy(): void {
    this.peer?.end(undefined);
    this.end(undefined);
  }

  end(error: Error | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#sending = [];
    queueMicrotask(() => this.events?.closed(error));
  }

  /** Has what is on its way arrive, soon. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const { peer } = this;
    while (peer?.events && !peer.#isPaused && !this.#isEnded) {
      const part = this.#sending.shift();
      if (part === undefined) break;
      for (let at = 0; at < part.length && !peer.#isEnded; ) {
        const length = part.copy(peer.events.target(), 0, at);
        at += length;
        peer.events.filled(length);
      }
      this.#bytes -= part.length;
    }
    if (this.#isEnded || this.#bytes > 0) return;
    if (this.#isFinishing) {
      this.destroy();
      return;
    }
    if (!this.#isCongested) return;
    this.#isCongested = false;
    this.events?.drained();
  }
}
