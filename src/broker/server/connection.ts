import { brokerErrorNumber } from "../../broker-error-code.ts";
import type { Clock, Timer } from "../../clock.ts";
import { BrokerError } from "../../errors.ts";
import type { FramePool } from "../../frame-pool.ts";
import type { Logger } from "../../log.ts";
import type { AcceptedSocket, SocketEvents } from "../../network.ts";
import { ApiVersions, Fetch, FrameReader, Produce } from "../../protocol/index.ts";
import type { Authorizer, Principal } from "../security/authorizer.ts";
import type { BrokerServices } from "../services.ts";
import type { Authentication, AuthenticationAnswer } from "./authentication.ts";
import { apiKeyOf, withLength } from "./bare-frame.ts";
import { type ClientSoftware, isProperSoftware, unknownSoftware } from "./client-software.ts";
import type { Dispatch, IncomingRequest } from "./dispatch.ts";
import type { HeldMemory, MemoryHolder } from "./held-memory.ts";
import { Outbox } from "./outbox.ts";
import { Request, type RequestOrigin } from "./request.ts";

/** What the connections of one broker share. */
export interface ConnectionShare {
  readonly services: BrokerServices;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly authorizer: Authorizer;
  /** The memory of large requests, used again. */
  readonly frames: FramePool;
  /** What requests hold that are still arriving. */
  readonly arriving: HeldMemory;
  /** What answers hold that are still leaving. */
  readonly leaving: HeldMemory;
  /** `socket.request.max.bytes`. */
  readonly maxFrameBytes: number;
  /** The same for a client that has not logged in where it has to (`sasl.server.max.receive.size`). */
  readonly maxLoginBytes: number;
}

/** What is a connection's own from the start. */
export interface ConnectionIdentity {
  readonly id: number;
  readonly listenerName: string;
  /** Who it is where the transport says so, or everyone is the same. */
  readonly principal: Principal;
  /** Set on listeners with SASL. */
  readonly authentication: Authentication | undefined;
  /** Called once when the connection is gone. */
  onEnd(connection: Connection): void;
}

const saslHandshakeKey = 17;
const saslAuthenticateKey = 36;

/**
 * One client's connection. Its requests are served one after the other: the next begins when the
 * answer to the last has gone to the network (Kafka's `SocketServer` mutes the channel meanwhile), so
 * answers come in the order of their requests, and a client that does not read holds one answer at most.
 */
export class Connection implements RequestOrigin, MemoryHolder, SocketEvents {
  readonly id: number;
  readonly listenerName: string;
  readonly clientHost: string;
  readonly authorizer: Authorizer;
  clientSoftware: ClientSoftware = unknownSoftware;
  /** When bytes last came in or went out, by the clock's `elapsed`. */
  lastActiveAt: number;

  readonly #socket: AcceptedSocket;
  readonly #share: ConnectionShare;
  readonly #identity: ConnectionIdentity;
  readonly #frames: FrameReader;
  /** Requests that came while another was being served: at most what one read brings. */
  readonly #queue: Buffer[] = [];
  readonly #outbox: Outbox;
  readonly #onClose = new Set<() => void>();
  /** A request waits for its answer. */
  #isServing = false;
  /** It waits for memory that others hold. */
  #isStarved = false;
  /** How much a request takes whose rest has to wait for memory. */
  #unheldBytes = 0;
  #holdsMemory = false;
  #isPaused = false;
  #isEnded = false;
  #delay: Timer | undefined;

  constructor(socket: AcceptedSocket, share: ConnectionShare, identity: ConnectionIdentity) {
    this.#socket = socket;
    this.#share = share;
    this.#identity = identity;
    this.id = identity.id;
    this.listenerName = identity.listenerName;
    this.clientHost = socket.remoteHost;
    this.authorizer = share.authorizer;
    this.lastActiveAt = share.clock.elapsed();
    this.#outbox = new Outbox({
      socket,
      held: share.leaving,
      memory: share.services.readMemory,
      owner: this,
    });
    this.#frames = new FrameReader({
      maxFrameBytes: identity.authentication
        ? Math.min(share.maxLoginBytes, share.maxFrameBytes)
        : share.maxFrameBytes,
      trusted: false,
      onFrame: (frame, isLent) => this.#receive(frame, isLent),
      lends: true,
      allocate: (length) => this.#allocate(length),
    });
  }

  get principal(): Principal {
    return this.#identity.authentication?.principal ?? this.#identity.principal;
  }

  get answerBytes(): number {
    return this.#share.leaving.share;
  }

  /** Whether a request of this connection waits for its answer, as a long poll does. */
  get isWaiting(): boolean {
    return this.#isServing;
  }

  onClose(run: () => void): () => void {
    this.#onClose.add(run);
    return () => void this.#onClose.delete(run);
  }

  /** Ends the connection at once; may be called twice. */
  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  /** Ends the connection, and says in the log why. */
  giveUp(reason: string): void {
    if (this.#isEnded) return;
    const { clientHost, listenerName } = this;
    // Requests before the bad one have their answers.
    this.#outbox.flush();
    this.#share.logger.info(
      { clientHost, listenerName, reason },
      "a client's connection was closed",
    );
    this.close();
  }

  /** There is memory again: goes on where it waited for it. */
  proceed(): void {
    if (this.#isEnded) return;
    this.#isStarved = false;
    if (this.#unheldBytes > 0) this.#allot(this.#unheldBytes);
    this.#next();
  }

  opened(): void {}

  target(): Buffer {
    return this.#frames.target();
  }

  filled(length: number): void {
    if (this.#isEnded) return;
    this.lastActiveAt = this.#share.clock.elapsed();
    try {
      this.#frames.filled(length);
      this.#outbox.flush();
    } catch (error) {
      this.giveUp((error as Error).message);
    }
  }

  drained(): void {
    this.lastActiveAt = this.#share.clock.elapsed();
    this.#outbox.drained();
    this.#next();
  }

  closed(): void {
    this.#end();
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#queue.length = 0;
    this.#outbox.close();
    this.#delay?.cancel();
    this.#share.arriving.release(this);
    for (const run of [...this.#onClose]) run();
    this.#onClose.clear();
    this.#identity.onEnd(this);
  }

  #allocate(length: number): Buffer {
    this.#allot(length);
    return this.#share.frames.take(length);
  }

  /** Takes account of memory for a request; where there is none left, the rest of the request has to wait. */
  #allot(bytes: number): void {
    const { arriving } = this.#share;
    if (arriving.isFull && !this.#holdsMemory) {
      this.#unheldBytes = bytes;
      this.#starve(arriving);
      return;
    }
    this.#unheldBytes = 0;
    this.#holdsMemory = true;
    arriving.hold(this, bytes);
  }

  #starve(memory: HeldMemory): void {
    this.#isStarved = true;
    memory.wait(this);
    this.#pause();
  }

  #receive(frame: Buffer, isLent: boolean): void {
    if (this.#isEnded) return;
    this.#queue.push(isLent && !this.#isDoneAtOnce(frame) ? Buffer.from(frame) : frame);
    this.#work();
    if (this.#queue.length > 0) this.#pause();
  }

  /** Whether a lent frame is served before it changes: the log keeps no slice of what it is given. */
  #isDoneAtOnce(frame: Buffer): boolean {
    const isNext = this.#isFree && this.#queue.length === 0;
    const isRequest = !this.#identity.authentication?.awaitsToken;
    return isNext && isRequest && apiKeyOf(frame) === Produce.key;
  }

  /** Whether the next request may be served now. */
  get #isFree(): boolean {
    return !(this.#isServing || this.#outbox.isCongested || this.#isEnded || this.#isStarved);
  }

  /** Serves the requests that wait, as far as that goes now. */
  #work(): void {
    while (this.#isFree && this.#queue.length > 0) {
      // Answers to all other requests are small, and a client has one of them at most.
      if (this.#share.leaving.isFull && apiKeyOf(this.#queue[0] as Buffer) === Fetch.key) {
        this.#starve(this.#share.leaving);
        return;
      }
      this.#serve(this.#queue.shift() as Buffer);
    }
  }

  /** Goes on after something that requests had to wait for. */
  #next(): void {
    if (this.#isEnded) return;
    try {
      this.#work();
      this.#outbox.flush();
    } catch (error) {
      this.giveUp((error as Error).message);
      return;
    }
    if (this.#isFree && this.#queue.length === 0) this.#resume();
  }

  #serve(frame: Buffer): void {
    if (this.#holdsMemory) this.#share.arriving.release(this);
    this.#holdsMemory = false;
    const { authentication } = this.#identity;
    if (authentication?.awaitsToken) {
      this.#authenticated(authentication.handleToken(frame), (token) =>
        token === undefined ? [] : withLength(token as Buffer),
      );
      return;
    }
    const request = this.#share.dispatch.decode(frame);
    const { header, body } = request;
    const { apiKey } = header;
    if (apiKey === ApiVersions.key) this.#introduce(body);
    if (authentication !== undefined) {
      if (apiKey === saslHandshakeKey || apiKey === saslAuthenticateKey) {
        const answer = authentication.handle(apiKey, header.apiVersion, body);
        this.#authenticated(answer, (response) => this.#share.dispatch.encode(request, response));
        return;
      }
      this.#checkAuthenticated(authentication, apiKey);
    }
    const answer = this.#ask(request);
    if (answer instanceof Promise) {
      this.#wait(request, answer);
      return;
    }
    this.#answer(request, answer);
    // The log keeps no slice of what it was given, so the memory can take in the next request.
    if (apiKey === Produce.key) this.#share.frames.give(frame);
  }

  #ask(request: IncomingRequest): unknown {
    const { header, body, handler } = request;
    if (body === undefined) return null;
    try {
      return handler.handle(body as never, new Request(header, this), this.#share.services);
    } catch (error) {
      return this.#refuse(request, error);
    }
  }

  #wait(request: IncomingRequest, answer: Promise<unknown>): void {
    this.#isServing = true;
    answer.then(
      (response) => this.#answered(request, response),
      (error) => this.#answered(request, this.#refuse(request, error)),
    );
  }

  #answered(request: IncomingRequest, answer: unknown): void {
    this.#isServing = false;
    if (this.#isEnded) return;
    this.#answer(request, answer);
    this.#next();
  }

  /** Has an answer sent, unless there is none. */
  #answer(request: IncomingRequest, answer: unknown): void {
    if (answer === undefined) return;
    let parts: readonly Buffer[];
    try {
      parts = this.#share.dispatch.encode(request, answer);
    } catch (error) {
      const api = request.handler.api.name;
      this.#share.logger.error({ api, error }, "an answer could not be written");
      this.close();
      return;
    }
    this.#outbox.add(parts);
  }

  /** What to answer where a handler failed; the connection ends where its API has no place for that. */
  #refuse({ handler, body }: IncomingRequest, error: unknown): unknown {
    const api = handler.api.name;
    const { logger } = this.#share;
    const isExpected = error instanceof BrokerError;
    if (!isExpected) logger.error({ api, error }, "a request could not be served");
    const code = brokerErrorNumber(isExpected ? error.code : "UNKNOWN_SERVER_ERROR");
    const answer = handler.refuse?.(code, body as never);
    if (answer === undefined) this.giveUp(`${api} failed: ${(error as Error).message}`);
    return answer;
  }

  #authenticated(
    { answer, closeAfterMs }: AuthenticationAnswer,
    encode: (answer: unknown) => Buffer[],
  ): void {
    const parts = encode(answer);
    if (closeAfterMs === undefined) {
      if (this.#identity.authentication?.principal) {
        this.#frames.maxFrameBytes = this.#share.maxFrameBytes;
      }
      this.#outbox.add(parts);
      return;
    }
    this.#isServing = true;
    this.#delay = this.#share.clock.after(closeAfterMs, () => {
      if (this.#isEnded) return;
      this.#outbox.add(parts);
      this.#outbox.flush();
      this.#socket.finish();
    });
  }

  /** Throws unless the client may ask for this now. */
  #checkAuthenticated({ principal, expiresAt }: Authentication, apiKey: number): void {
    if (apiKey === ApiVersions.key) return;
    if (principal === undefined) {
      throw new Error(`it asked for key ${apiKey} before it had authenticated`);
    }
    if (this.#share.clock.elapsed() > expiresAt) {
      throw new Error("its authentication has expired, and it did not authenticate anew");
    }
  }

  #introduce(body: unknown): void {
    const { clientSoftwareName: name = "", clientSoftwareVersion: version = "" } = (body ?? {}) as {
      readonly clientSoftwareName?: string;
      readonly clientSoftwareVersion?: string;
    };
    if (isProperSoftware({ name, version })) this.clientSoftware = { name, version };
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }
}
