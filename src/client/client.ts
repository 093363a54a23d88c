import { MillraceError } from "../errors.ts";
import { type Host, systemHost } from "../host.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { TlsOptions } from "../network.ts";
import { Admin } from "./admin/admin.ts";
import { Cluster, type ClusterSettings } from "./cluster.ts";
import type { Traffic } from "./connection.ts";
import { type ClaimHandler, Claims, type ClaimsOptions } from "./consumer/claims.ts";
import { Consumer, type ConsumerOptions } from "./consumer/consumer.ts";
import type { SaslOptions } from "./handshake.ts";
import { type Content, Producer, type ProducerOptions } from "./producer/producer.ts";

/** How a client reaches its cluster. Only `bootstrapServers` must be given. */
export interface ClientOptions {
  /** Where to ask first: "host:port", several in a list or separated by commas. */
  readonly bootstrapServers: string | readonly string[];
  /** The name this program has in the broker's logs and quotas; "millrace" by default. */
  readonly clientId?: string | undefined;
  /** TLS to every broker: `true` trusts the system's authorities. */
  readonly tls?: TlsOptions | boolean | undefined;
  /** User and password, where the listener asks for them. */
  readonly sasl?: SaslOptions | undefined;
  /** How long a connection may take to stand; 10,000 ms by default. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a broker may take to answer a request; 30,000 ms by default. */
  readonly requestTimeoutMs?: number | undefined;
  /** The first wait before an attempt is repeated, doubled each time; 100 ms by default. */
  readonly retryBackoffMs?: number | undefined;
  /** The longest wait before an attempt is repeated; 1,000 ms by default. */
  readonly retryBackoffMaxMs?: number | undefined;
  /** The first wait before a lost connection is made again; 50 ms by default. */
  readonly reconnectBackoffMs?: number | undefined;
  /** The longest wait before a lost connection is made again; 1,000 ms by default. */
  readonly reconnectBackoffMaxMs?: number | undefined;
  /** After how long the picture of the cluster is renewed; 300,000 ms by default. */
  readonly metadataMaxAgeMs?: number | undefined;
  /** How large one answer of a broker may be; 256 MiB by default. */
  readonly maxFrameBytes?: number | undefined;
  /** Whether using a topic that is not there asks the broker to create it; true by default, as in Kafka. */
  readonly allowAutoTopicCreation?: boolean | undefined;
  /** Where warnings go; nowhere by default. A pino logger fits. */
  readonly logger?: Logger | undefined;
  /** Time, chance and network; the machine's by default. */
  readonly host?: Host | undefined;
}

const defaultPort = 9092;

/**
 * A program's way to a Kafka cluster: makes producers, consumers and admins that share its
 * connections and its picture of the cluster. Nothing is connected until something is asked for.
 *
 * ```ts
 * await using client = new Client({ bootstrapServers: "localhost:9092" });
 * await using producer = client.producer();
 * await producer.send({ topic: "greetings", key: "en", value: "hello" });
 * ```
 */
export class Client {
  readonly #cluster: Cluster;
  readonly #owned = new Set<{ close(): Promise<void> }>();
  #closing: Promise<void> | undefined;

  /** Throws `INVALID_ARGUMENT` when an address cannot be one. */
  constructor(options: ClientOptions) {
    const { host = systemHost, logger = silentLogger } = options;
    this.#cluster = new Cluster(clusterSettings(options), host, logger);
  }

  /** Makes a producer; close it when it is no longer needed, or close the client. */
  producer<K = Content, V = Content>(options: ProducerOptions<K, V> = {}): Producer<K, V> {
    return this.#own(() => new Producer(this.#cluster, options));
  }

  /** Makes a consumer; close it when it is no longer needed, or close the client. */
  consumer<K = Buffer, V = Buffer>(options: ConsumerOptions<K, V>): Consumer<K, V> {
    return this.#own(() => new Consumer(this.#cluster, options));
  }

  /** Begins to work on a group's partitions, each by itself; close it when it is no longer needed, or close the client. */
  claims<K = Buffer, V = Buffer>(
    options: ClaimsOptions<K, V>,
    handler: ClaimHandler<K, V>,
  ): Claims<K, V> {
    return this.#own(() => new Claims(this.#cluster, options, handler));
  }

  /** The administration of the cluster: topics, configs, groups, transactions. */
  admin(): Admin {
    this.#refuseIfClosed();
    return new Admin(this.#cluster);
  }

  /** What all connections of the client have carried so far; producers and consumers have metrics of their own. */
  metrics(): Readonly<Traffic> {
    return { ...this.#cluster.traffic };
  }

  /** Closes what it made, consumers and producers first, then all connections. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #own<T extends { close(): Promise<void> }>(make: () => T): T {
    this.#refuseIfClosed();
    const owned = make();
    this.#owned.add(owned);
    return owned;
  }

  #refuseIfClosed(): void {
    if (this.#closing) throw new MillraceError("CLOSED", "the client was closed: make a new one");
  }

  async #close(): Promise<void> {
    const results = await Promise.allSettled([...this.#owned].map((one) => one.close()));
    this.#cluster.close();
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }
}

function clusterSettings(options: ClientOptions): ClusterSettings {
  const {
    bootstrapServers,
    clientId = "millrace",
    tls = false,
    sasl,
    connectTimeoutMs = 10_000,
    requestTimeoutMs = 30_000,
    retryBackoffMs = 100,
    retryBackoffMaxMs = 1_000,
    reconnectBackoffMs = 50,
    reconnectBackoffMaxMs = 1_000,
    metadataMaxAgeMs = 300_000,
    maxFrameBytes = 256 * 1024 * 1024,
    allowAutoTopicCreation = true,
  } = options;
  return {
    bootstrap: addresses(bootstrapServers),
    clientId,
    tls: tls === true ? {} : tls || undefined,
    sasl,
    connectTimeoutMs,
    requestTimeoutMs,
    retryBackoffMs,
    retryBackoffMaxMs,
    reconnectBackoffMs,
    reconnectBackoffMaxMs,
    metadataMaxAgeMs,
    maxFrameBytes,
    allowAutoTopicCreation,
  };
}

function addresses(servers: string | readonly string[]): { host: string; port: number }[] {
  // Programs without types may have left it out.
  const list = (typeof servers === "string" ? servers.split(",") : (servers ?? []))
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (list.length === 0) {
    throw new MillraceError(
      "INVALID_ARGUMENT",
      "bootstrapServers names no address: write host:port",
    );
  }
  return list.map(address);
}

/** "host", "host:port", or an IPv6 address in brackets with or without a port. */
function address(text: string): { host: string; port: number } {
  const match = /^(?:\w+:\/\/)?(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? defaultPort);
  if (host !== undefined && port > 0 && port < 65_536) return { host, port };
  const message = `bootstrapServers has "${text}", which is not an address: write host:port`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}
