import { type Disk, systemDisk } from "../disk.ts";
import { MillraceError } from "../errors.ts";
import { type Host, systemHost } from "../host.ts";
import type { Logger } from "../log.ts";
import type { ServerTlsOptions } from "../network.ts";
import type { BrokerSettings, ListenerSettings } from "./settings.ts";

/** What a broker takes from the machine: time, chance, the network, and the disk. */
export interface BrokerHost extends Host {
  readonly disk: Disk;
}

/** The machine itself. A simulation passes another. */
export const systemBrokerHost: BrokerHost = { ...systemHost, disk: systemDisk };

/** One address for a broker to listen on. */
export interface ListenerOptions {
  /** What the listener is called; by default as its protocol. */
  readonly name?: string | undefined;
  /** By default SSL where `tls` is given, else PLAINTEXT. */
  readonly protocol?: ListenerSettings["protocol"] | undefined;
  /** A name or address of this machine; 127.0.0.1 by default, so that only programs on it can connect. */
  readonly host?: string | undefined;
  /** 9092 by default; 0 for any free one. */
  readonly port?: number | undefined;
  /** Where clients are told to connect to; by default where the broker listens. */
  readonly advertised?: { readonly host: string; readonly port?: number | undefined } | undefined;
  /** Certificate and key of an SSL or SASL_SSL listener. */
  readonly tls?: ServerTlsOptions | undefined;
}

/** What a broker is started with; everything has a default. */
export interface BrokerOptions {
  /** The port of the one listener on 127.0.0.1; 9092 by default, 0 for any free one. Not together with `listeners`. */
  readonly port?: number | undefined;
  /** The addresses to listen on, the first of which is the broker's own; one in plain text by default. */
  readonly listeners?: readonly ListenerOptions[] | undefined;
  /** Where the data is kept; in memory alone by default. */
  readonly dataDir?: string | undefined;
  /** The number of this node, 0 or more; 1 by default. */
  readonly nodeId?: number | undefined;
  /** The id of a cluster that is made anew; chosen at random by default. */
  readonly clusterId?: string | undefined;
  /**
   * Kafka's broker settings by their own names, such as `log.retention.ms`. Defaults are Kafka's, but for
   * `group.initial.rebalance.delay.ms`, which is 0.
   */
  readonly configs?: { readonly [name: string]: string | number | boolean } | undefined;
  /**
   * Users with their passwords, who can log in to SASL listeners by PLAIN and SCRAM, besides those made
   * with AlterUserScramCredentials; none by default.
   */
  readonly sasl?: { readonly users: { readonly [name: string]: string } } | undefined;
  /**
   * Serves metrics in Prometheus' format at `http://host:port/metrics`, to whoever can reach it; host is
   * 127.0.0.1 by default, port 0 takes any free one. Not served by default; see also `Broker.metrics`.
   */
  readonly metrics?: { readonly port: number; readonly host?: string | undefined } | undefined;
  /** Where the broker reports what an operator should know; nowhere by default. */
  readonly logger?: Logger | undefined;
  /** What the broker takes from the machine; the machine itself by default. */
  readonly host?: BrokerHost | undefined;
}

/**
 * Where an embedded broker differs from Kafka's defaults, as Kafka's own sample of a configuration
 * does: the first member of a group need not wait for others.
 */
const ownConfigs = { "group.initial.rebalance.delay.ms": 0 };
const defaultPort = 9092;
const loopback = "127.0.0.1";
/** Addresses that one can listen on but not connect to. */
const unroutable = new Set(["0.0.0.0", "::", "[::]"]);

/** Checks the options, and fills in what was left out. Throws a {@link MillraceError} INVALID_ARGUMENT. */
export function brokerSettings(options: BrokerOptions): BrokerSettings {
  const { nodeId = 1, dataDir, configs = {}, sasl, metrics } = options;
  if (!Number.isInteger(nodeId) || nodeId < 0 || nodeId > 0x7fffffff) {
    throw invalid(`nodeId is ${nodeId}, where it must be a whole number of 0 or more`);
  }
  const listeners = listenerSettings(options);
  return {
    nodeId,
    listeners,
    dataDir,
    configs: new Map(
      Object.entries({ ...ownConfigs, ...configs }).map(([name, value]) => [name, String(value)]),
    ),
    saslUsers: new Map(Object.entries(sasl?.users ?? {})),
    metrics: metrics && metricsAddress(metrics),
  };
}

function metricsAddress({ host = loopback, port }: { host?: string | undefined; port: number }) {
  checkPort(port, "metrics");
  return { host, port };
}

function listenerSettings({ port, listeners }: BrokerOptions): ListenerSettings[] {
  if (listeners !== undefined && port !== undefined) {
    throw invalid("port and listeners exclude each other: give the port with the listener");
  }
  const all = (listeners ?? [{ port }]).map(listenerOf);
  if (all.length === 0) throw invalid("listeners is empty: a broker needs an address to listen on");
  const names = new Set(all.map(({ name }) => name));
  if (names.size < all.length) throw invalid("two listeners have the same name");
  return all;
}

function listenerOf(options: ListenerOptions): ListenerSettings {
  const { host = loopback, port = defaultPort, advertised, tls } = options;
  const { protocol = tls ? "SSL" : "PLAINTEXT" } = options;
  const { name = protocol } = options;
  checkPort(port, `listener ${name}`);
  if (protocol.endsWith("SSL") !== (tls !== undefined)) {
    throw invalid(
      `listener ${name} is ${protocol}: tls belongs to SSL and SASL_SSL, and they to it`,
    );
  }
  if (advertised === undefined && unroutable.has(host)) {
    const message = `listener ${name} listens on ${host}, which nobody can connect to: say with "advertised" how clients reach it`;
    throw invalid(message);
  }
  return {
    name,
    protocol,
    host,
    port,
    advertisedHost: advertised?.host,
    advertisedPort: advertised?.port,
    tls,
  };
}

function checkPort(port: number, owner: string): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return;
  throw invalid(`the port of ${owner} is ${port}, where 0 to 65535 are possible`);
}

function invalid(message: string): MillraceError {
  return new MillraceError("INVALID_ARGUMENT", message);
}
