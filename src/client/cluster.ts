import { brokerErrorNumber } from "../broker-error-code.ts";
import { type BrokerError, ConnectionError, type MillraceError } from "../errors.ts";
import { FramePool } from "../frame-pool.ts";
import type { Host } from "../host.ts";
import type { Logger } from "../log.ts";
import { type Api, FindCoordinator, Metadata as MetadataApi } from "../protocol/index.ts";
import { BrokerLink, commonVersion, type LinkSettings } from "./broker-link.ts";
import type { Connection, Traffic } from "./connection.ts";
import { type Bound, bounded } from "./deadline.ts";
import { Metadata, type TopicMetadata } from "./metadata.ts";
import { refusal, throwIfRefused } from "./refusal.ts";
import { mayPass, type RetryPace, retrying } from "./retry.ts";

/** How the client reaches the cluster and how long it trusts what it knows. */
export interface ClusterSettings extends LinkSettings, RetryPace {
  readonly bootstrap: readonly { readonly host: string; readonly port: number }[];
  readonly metadataMaxAgeMs: number;
  /** Whether asking about a topic may create it, where the broker allows that. */
  readonly allowAutoTopicCreation: boolean;
}

/** Which broker a request goes to: one by its id, the controller, or whichever answers. */
export type Target = number | "controller" | "any";

/** What a request is sent with. */
export interface RequestOptions {
  /** Requests of one lane are answered in order; a lane has connections of its own. "main" by default. */
  readonly lane?: string | undefined;
  /** How long the answer may take; `requestTimeoutMs` by default. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Caps the version. */
  readonly newest?: number | undefined;
}

const mainLane = "main";
/** A topic nobody has asked for during this time is no longer refreshed. */
const topicInterestMs = 300_000;

/**
 * The cluster as the client sees it: its brokers, topics and coordinators. Sends requests to the
 * broker they belong to; each call is one try, and the callers decide what to try again.
 */
export class Cluster {
  readonly metadata = new Metadata();
  readonly settings: ClusterSettings;
  readonly host: Host;
  readonly logger: Logger;
  readonly traffic: Traffic = { bytesIn: 0, bytesOut: 0, requests: 0 };
  /** Where the memory of large answers comes from, and may be given back to. */
  readonly frames = new FramePool();
  readonly #links = new Map<string, BrokerLink>();
  readonly #coordinators = new Map<string, number>();
  readonly #interest = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #refresh:
    | { readonly topics: readonly string[] | "all"; readonly done: Promise<void> }
    | undefined;

  constructor(settings: ClusterSettings, host: Host, logger: Logger) {
    this.settings = settings;
    this.host = host;
    this.logger = logger;
  }

  /** Sends one request to the broker it belongs to and resolves with the answer. */
  async request<Request, RequestIn, Response, ResponseIn>(
    target: Target,
    api: Api<Request, RequestIn, Response, ResponseIn>,
    body: RequestIn | ((version: number) => RequestIn),
    options: RequestOptions = {},
  ): Promise<Response> {
    const { timeoutMs = this.settings.requestTimeoutMs, signal, newest } = options;
    const bound = { attempt: `${api.name} request`, timeoutMs: Number.POSITIVE_INFINITY, signal };
    const opening = this.connection(target, options.lane);
    const connection = signal ? await bounded(this.host.clock, opening, bound) : await opening;
    const version = commonVersion(connection, api as unknown as AnyApi, newest);
    const content = typeof body === "function" ? (body as BodyOf<RequestIn>)(version) : body;
    const answer = connection.request(api, version, content, timeoutMs);
    return signal ? bounded(this.host.clock, answer, bound) : answer;
  }

  /** A connection to a broker, ready for requests. */
  async connection(target: Target, lane: string = mainLane): Promise<Connection> {
    if (target === "any") return this.#anyConnection(lane);
    if (target === "controller" && this.metadata.controller < 0) await this.refresh([]);
    const id = target === "controller" ? this.metadata.controller : target;
    if (id < 0) return this.#anyConnection(lane);
    if (!this.metadata.broker(id)) await this.refresh([]);
    const broker = this.metadata.broker(id);
    if (!broker) {
      const text = `broker ${id} is not part of the cluster at present`;
      throw new ConnectionError("CONNECTION_LOST", text);
    }
    return this.#link(broker).connection(lane);
  }

  /** A topic's metadata, asked for if need be; rejects when the topic is not there by the deadline. */
  async topic(name: string, bound: Bound): Promise<TopicMetadata> {
    this.use(name);
    const known = this.metadata.topic(name);
    if (known) return known;
    return retrying(this.host, this.settings, bound, async () => {
      await bounded(this.host.clock, this.refresh([name]), bound);
      const topic = this.metadata.topic(name);
      if (topic) return topic;
      const code = this.metadata.errorOf(name) ?? "UNKNOWN_TOPIC_OR_PARTITION";
      throw unknownTopic(name, code);
    });
  }

  /**
   * Asks the cluster about these topics, or all of them, besides those in use. Calls that come while
   * one is under way share it where it covers them.
   */
  async refresh(topics: readonly string[] | "all" = []): Promise<void> {
    const now = this.host.clock.elapsed();
    if (topics !== "all") for (const name of topics) this.#interest.set(name, now);
    while (this.#refresh) {
      const current = this.#refresh;
      if (covers(current.topics, topics)) return current.done;
      await current.done.catch(() => {});
    }
    const asked = topics === "all" ? "all" : this.#topicsInUse();
    // A refresh for its own sake must not bring a topic back that somebody has deleted.
    const mayCreate = topics !== "all" && topics.length > 0;
    const done = this.#askMetadata(asked, mayCreate).finally(() => {
      this.#refresh = undefined;
    });
    this.#refresh = { topics: asked, done };
    return done;
  }

  /** Says that a topic is in use, so that refreshes go on including it for the next minutes. */
  use(topic: string): void {
    this.#interest.set(topic, this.host.clock.elapsed());
  }

  /** Whether it is time to ask for metadata again, which the users of the cluster do now and then. */
  get isStale(): boolean {
    return this.host.clock.elapsed() - this.#refreshedAt >= this.settings.metadataMaxAgeMs;
  }

  /** Calls `run` after each metadata answer, until the returned function is called. */
  onMetadata(run: () => void): () => void {
    this.#listeners.add(run);
    return () => void this.#listeners.delete(run);
  }

  /** The broker that coordinates a group or a transactional id. */
  async coordinator(
    type: "group" | "transaction",
    key: string,
    options: RequestOptions = {},
  ): Promise<number> {
    const known = this.#coordinators.get(`${type}:${key}`);
    if (known !== undefined) return known;
    const keyType = type === "group" ? 0 : 1;
    const body = (version: number) =>
      version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key };
    const answer = await this.request("any", FindCoordinator, body, options);
    const found = answer.coordinators[0] ?? answer;
    throwIfRefused(
      found.errorCode,
      `finding the coordinator of ${type} ${key}`,
      found.errorMessage,
    );
    const { nodeId: id, host, port } = found;
    this.metadata.addBroker({ id, host, port, rack: this.metadata.broker(id)?.rack ?? null });
    this.#coordinators.set(`${type}:${key}`, id);
    return id;
  }

  /** Forgets who coordinates, after a broker said that it no longer does or could not be reached. */
  forgetCoordinator(type: "group" | "transaction", key: string): void {
    this.#coordinators.delete(`${type}:${key}`);
  }

  /** Ends the connections of a lane. */
  closeLane(lane: string): void {
    for (const link of this.#links.values()) link.closeLane(lane);
  }

  /** Aborts when the cluster is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Ends all connections. May be called twice. */
  close(): void {
    this.#closing.abort();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #link(address: { readonly host: string; readonly port: number }): BrokerLink {
    const name = `${address.host}:${address.port}`;
    let link = this.#links.get(name);
    if (!link) {
      link = new BrokerLink(address, this.settings, this.host, this.traffic, this.frames);
      if (this.#closing.signal.aborted) link.close();
      else this.#links.set(name, link);
    }
    return link;
  }

  /** Tries the brokers known, connected ones first, then the bootstrap addresses (KIP-899). */
  async #anyConnection(lane: string): Promise<Connection> {
    const links = new Set<BrokerLink>();
    const brokers = shuffled(this.metadata.brokers, this.host).map((one) => this.#link(one));
    for (const link of brokers.filter(({ isConnected }) => isConnected)) links.add(link);
    for (const link of brokers) links.add(link);
    for (const one of shuffled(this.settings.bootstrap, this.host)) links.add(this.#link(one));
    const failures: Error[] = [];
    for (const link of links) {
      try {
        return await link.connection(lane);
      } catch (error) {
        if (!mayPass(error)) throw error;
        failures.push(error as Error);
      }
    }
    const tried = [...links].map(({ endpoint }) => `${endpoint.host}:${endpoint.port}`).join(", ");
    const text = `no broker could be reached; tried ${tried}: ${failures.at(-1)?.message ?? ""}`;
    throw new ConnectionError("NO_BROKER_REACHABLE", text, { cause: failures.at(-1) });
  }

  async #askMetadata(topics: readonly string[] | "all", mayCreate: boolean): Promise<void> {
    const body = (version: number) => ({
      topics: topics === "all" ? (version === 0 ? [] : null) : topics.map((name) => ({ name })),
      allowAutoTopicCreation: mayCreate && this.settings.allowAutoTopicCreation,
    });
    const answer = await this.request("any", MetadataApi, body);
    throwIfRefused(answer.errorCode, "asking for metadata");
    const retained = this.#coordinatorAddresses();
    this.metadata.update(answer, topics === "all");
    for (const broker of retained)
      if (!this.metadata.broker(broker.id)) this.metadata.addBroker(broker);
    for (const name of this.#interest.keys()) {
      if (this.metadata.errorOf(name) === "UNKNOWN_TOPIC_OR_PARTITION") this.#interest.delete(name);
    }
    this.#refreshedAt = this.host.clock.elapsed();
    for (const run of this.#listeners) run();
  }

  #coordinatorAddresses() {
    const ids = new Set(this.#coordinators.values());
    return this.metadata.brokers.filter(({ id }) => ids.has(id));
  }

  #topicsInUse(): string[] {
    const oldest = this.host.clock.elapsed() - topicInterestMs;
    for (const [name, usedAt] of this.#interest) {
      if (usedAt < oldest) this.#interest.delete(name);
    }
    return [...this.#interest.keys()];
  }
}

type AnyApi = Api<unknown, never, unknown, never>;
type BodyOf<RequestIn> = (version: number) => RequestIn;

function covers(asked: readonly string[] | "all", wanted: readonly string[] | "all"): boolean {
  if (asked === "all") return true;
  return wanted !== "all" && wanted.every((name) => asked.includes(name));
}

function shuffled<T>(items: readonly T[], { random }: Host): T[] {
  const result = [...items];
  for (let end = result.length; end > 1; end -= 1) {
    const pick = random.below(end);
    const last = end - 1;
    [result[last], result[pick]] = [result[pick] as T, result[last] as T];
  }
  return result;
}

function unknownTopic(name: string, code: BrokerError["code"]): MillraceError {
  return refusal(brokerErrorNumber(code), `looking up topic ${name}`);
}
