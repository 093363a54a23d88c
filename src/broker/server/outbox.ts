import type { FramePool } from "../../frame-pool.ts";
import type { Socket } from "../../network.ts";
import type { HeldMemory, MemoryHolder } from "./held-memory.ts";

/** Answers of this many bytes are sent before more requests are served. */
const flushBytes = 64 * 1024;

/**
 * The answers of one connection on their way to the client: gathered, sent in one go, and accounted
 * for until the network has taken them.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #held: HeldMemory;
  readonly #memory: FramePool;
  readonly #owner: MemoryHolder;
  /** Ready and not sent yet. */
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Sent, and not taken whole by the network. */
  #leaving: readonly Buffer[] = [];
  #isCongested = false;

  constructor({
    socket,
    held,
    memory,
    owner,
  }: {
    readonly socket: Socket;
    /** What the answers of all connections hold. */
    readonly held: HeldMemory;
    /** Where the memory of large answers came from, if it came from there. */
    readonly memory: FramePool;
    /** In whose name memory is held. */
    readonly owner: MemoryHolder;
  }) {
    this.#socket = socket;
    this.#held = held;
    this.#memory = memory;
    this.#owner = owner;
  }

  /** Whether more was sent than the network has taken. */
  get isCongested(): boolean {
    return this.#isCongested;
  }

  /** Takes an answer to be sent with the next {@link Outbox.flush}, or at once where that is much. */
  add(parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.#parts.push(part);
      this.#bytes += part.length;
    }
    if (this.#bytes >= flushBytes) this.flush();
  }

  /** Hands the answers that are ready to the network, in one go. */
  flush(): void {
    if (this.#bytes === 0) return;
    const parts = this.#parts;
    const bytes = this.#bytes;
    this.#parts = [];
    this.#bytes = 0;
    if (this.#socket.write(parts)) return;
    this.#isCongested = true;
    this.#leaving = parts;
    this.#held.hold(this.#owner, bytes);
  }

  /** The network has taken all that was sent: the memory of it can be used again. */
  drained(): void {
    this.#isCongested = false;
    this.#held.release(this.#owner);
    for (const part of this.#leaving) this.#memory.give(part);
    this.#leaving = [];
  }

  /** Drops everything, since the client is gone. */
  close(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#leaving = [];
    this.#held.release(this.#owner);
  }
}
