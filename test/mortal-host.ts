import type { BrokerHost } from "../src/broker/broker-options.ts";
import type { Clock } from "../src/clock.ts";
import type { AcceptedSocket, Network, Server } from "../src/network.ts";
import type { Random } from "../src/random.ts";
import { Crash, type FaultyDisk } from "./faulty-disk.ts";

/** What a program that may die shares with those who outlive it. */
export interface Surroundings {
  readonly clock: Clock;
  readonly network: Network;
  readonly random: Random;
}

/**
 * The machine as one program sees it that dies with its disk: from the change on in which that crashes
 * its timers rest, nothing that it sends arrives, and its connections end.
 */
export class MortalHost implements BrokerHost {
  readonly clock: Clock;
  readonly network: Network;
  readonly random: Random;
  readonly disk: FaultyDisk;
  /** Resolves when the program has died. */
  readonly death: Promise<void>;
  readonly #sockets = new Set<AcceptedSocket>();
  readonly #servers = new Set<Server>();
  #die: () => void;
  #isDead = false;

  constructor({ clock, network, random }: Surroundings, disk: FaultyDisk) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.death = promise;
    this.#die = resolve;
    this.disk = disk;
    this.random = random;
    this.clock = {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      after: (ms, run) => clock.after(ms, () => this.#live(run)),
      soon: (run) => clock.soon(() => this.#live(run)),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    this.network = {
      connect: (endpoint, events) => network.connect(endpoint, events),
      listen: async (address, events) => {
        const server = await network.listen(address, {
          accepted: (socket) => this.#accept(socket, (mortal) => events.accepted(mortal)),
          rejected: (error) => events.rejected(error),
        });
        this.#servers.add(server);
        return server;
      },
    };
  }

  /** Ends the program, if it has not died. */
  end(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#die();
  }

  #accept(
    socket: AcceptedSocket,
    accepted: (mortal: AcceptedSocket) => ReturnType<Parameters<Network["listen"]>[1]["accepted"]>,
  ): ReturnType<typeof accepted> {
    this.#sockets.add(socket);
    const owner = accepted({
      ...socket,
      write: (parts) => this.disk.hasCrashed || socket.write(parts),
    });
    return (
      owner && {
        opened: () => owner.opened(),
        target: () => owner.target(),
        filled: (length) => this.#live(() => owner.filled(length)),
        drained: () => this.#live(() => owner.drained()),
        closed: (error) => {
          this.#sockets.delete(socket);
          this.#live(() => owner.closed(error));
        },
      }
    );
  }

  #live(run: () => void): void {
    if (this.#isDead) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    if (this.disk.hasCrashed) this.end();
  }
}
