import type { BrokerOptions, ListenerOptions } from "../broker/index.ts";
import { type LogLevel, logLevels } from "../log.ts";
import { type GivenOptions, type OptionTable, readOptions } from "./option-table.ts";
import { UsageError } from "./usage-error.ts";

/** The options of `millrace broker`. */
export const brokerOptionTable = {
  port: { value: "port", short: "p", help: "Port to listen on; 0 for any free one (default 9092)" },
  host: { value: "address", help: "Address to listen on (default 127.0.0.1: this machine alone)" },
  data: { value: "directory", short: "d", help: "Keeps the data here (default: in memory alone)" },
  listener: {
    value: "[name=]protocol://address:port",
    multiple: true,
    help: "In place of --port and --host: PLAINTEXT, SSL, SASL_PLAINTEXT or\nSASL_SSL; the first is the broker's own",
  },
  advertised: {
    value: "[name://]host[:port]",
    multiple: true,
    help: "Where clients are told to connect to (default: where it listens)",
  },
  config: {
    value: "name=value",
    short: "c",
    multiple: true,
    help: "A setting of Kafka's broker, such as log.retention.ms=3600000",
  },
  "sasl-user": {
    value: "name:password",
    multiple: true,
    help: "Who can log in (PLAIN and SCRAM); others on this machine can\nread it, users made with kafka-configs are kept secret",
  },
  "tls-cert": { value: "file", help: "Certificate chain in PEM, for TLS" },
  "tls-key": { value: "file", help: "The key that belongs to it" },
  "tls-ca": { value: "file", help: "Asks clients for a certificate by these authorities" },
  acl: { help: "Checks access by the access control list (StandardAuthorizer)" },
  "super-user": { value: "name", multiple: true, help: "Who may do everything, with --acl" },
  "metrics-port": {
    value: "port",
    help: "Serves Prometheus metrics at /metrics (default: not served)",
  },
  "metrics-host": { value: "address", help: "Address to serve them on (default 127.0.0.1)" },
  "node-id": { value: "number", help: "The node's number (default 1)" },
  "cluster-id": { value: "id", help: "The id of a cluster that is made anew (default: at random)" },
  "log-level": {
    value: logLevels.join("|"),
    help: "How much it says on standard error (default info)",
  },
  help: { short: "h", help: "Shows this" },
} as const satisfies OptionTable;

/** What `millrace broker` is to do. */
export type BrokerArguments =
  | { readonly kind: "help" }
  | { readonly kind: "serve"; readonly options: BrokerOptions; readonly logLevel: LogLevel };

type Given = GivenOptions<typeof brokerOptionTable>;

const standardAuthorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
const clientAuths = ["none", "requested", "required"] as const;
const defaultPort = 9092;

/**
 * Reads the arguments of `millrace broker`; `readFile` gets the names of certificates and keys. Throws
 * a {@link UsageError} for what cannot be.
 */
export function brokerArguments(
  args: readonly string[],
  readFile: (path: string) => Buffer,
): BrokerArguments {
  const given = readOptions(brokerOptionTable, args);
  if (given.help.length > 0) return { kind: "help" };
  const [dataDir] = given.data;
  const configs = configsIn(given);
  const [nodeId] = given["node-id"].map((text) => number("node-id", text));
  const [clusterId] = given["cluster-id"];
  const users = given["sasl-user"].map((text) => pairIn("sasl-user", text, ":"));
  const options = {
    dataDir,
    nodeId,
    clusterId,
    configs,
    listeners: listenersIn(given, configs, readFile),
    sasl: users.length > 0 ? { users: Object.fromEntries(users) } : undefined,
    metrics: metricsIn(given),
  };
  return { kind: "serve", options, logLevel: logLevelIn(given) };
}

function configsIn(given: Given): Record<string, string> {
  const configs = Object.fromEntries(given.config.map((text) => pairIn("config", text, "=")));
  const superUsers = given["super-user"].map((name) => `User:${name}`).join(";");
  if (superUsers !== "") configs["super.users"] = superUsers;
  if (given.acl.length === 0) return configs;
  configs["authorizer.class.name"] = standardAuthorizer;
  if (!configs["super.users"] && configs["allow.everyone.if.no.acl.found"] !== "true") {
    const message = "with --acl nobody may do anything, until somebody is named with --super-user";
    throw new UsageError(message);
  }
  return configs;
}

function metricsIn(given: Given): BrokerOptions["metrics"] {
  const [port] = given["metrics-port"].map((text) => number("metrics-port", text));
  const [host] = given["metrics-host"];
  if (port !== undefined) return { port, host };
  if (host !== undefined) throw new UsageError("--metrics-host needs --metrics-port");
  return undefined;
}

function logLevelIn({ "log-level": [level = "info"] }: Given): LogLevel {
  const known = logLevels.find((one) => one === level);
  if (known) return known;
  throw new UsageError(`--log-level is "${level}", where ${logLevels.join(", ")} are possible`);
}

function listenersIn(
  given: Given,
  configs: Readonly<Record<string, string>>,
  readFile: (path: string) => Buffer,
): ListenerOptions[] {
  const tls = tlsIn(given, configs, readFile);
  const hasUsers = given["sasl-user"].length > 0;
  const [port = defaultPort] = given.port.map((text) => number("port", text));
  const [host] = given.host;
  const protocol = hasUsers ? (tls ? "SASL_SSL" : "SASL_PLAINTEXT") : tls ? "SSL" : "PLAINTEXT";
  if (given.listener.length > 0 && (given.port.length > 0 || host !== undefined)) {
    throw new UsageError("--listener comes in place of --port and --host");
  }
  const listeners: ListenerOptions[] =
    given.listener.length > 0 ? given.listener.map(listenerIn) : [{ protocol, host, port }];
  const named = given.advertised.map(advertisedIn);
  const nameOf = ({ name, protocol }: ListenerOptions) => name ?? protocol;
  const stray = named.find(({ name }) => name && !listeners.some((one) => nameOf(one) === name));
  if (stray)
    throw new UsageError(`there is no listener of the name that --advertised gives: ${stray.name}`);
  return listeners.map((listener, index) => {
    const isSecure = listener.protocol?.endsWith("SSL") === true;
    if (isSecure && tls === undefined) {
      throw new UsageError(`listener ${listener.protocol} needs --tls-cert and --tls-key`);
    }
    const name = nameOf(listener);
    const advertised = named.find((one) => (one.name ?? (index === 0 ? name : "")) === name);
    return { ...listener, tls: isSecure ? tls : undefined, advertised };
  });
}

function tlsIn(
  given: Given,
  configs: Readonly<Record<string, string>>,
  readFile: (path: string) => Buffer,
): ListenerOptions["tls"] {
  const read = (name: "tls-cert" | "tls-key" | "tls-ca") => {
    const [path] = given[name];
    if (path === undefined) return undefined;
    try {
      return readFile(path);
    } catch (error) {
      throw new UsageError(`--${name} cannot be read: ${(error as Error).message}`);
    }
  };
  const [cert, key, ca] = [read("tls-cert"), read("tls-key"), read("tls-ca")];
  if (cert !== undefined && key !== undefined) {
    const asked = configs["ssl.client.auth"] ?? (ca === undefined ? "none" : "required");
    const clientAuth = clientAuths.find((one) => one === asked);
    if (clientAuth !== undefined) return { cert, key, ca, clientAuth };
    const message = `ssl.client.auth is "${asked}", where ${clientAuths.join(", ")} are possible`;
    throw new UsageError(message);
  }
  if (cert ?? key ?? ca) throw new UsageError("TLS needs both --tls-cert and --tls-key");
  return undefined;
}

const protocols = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;

function listenerIn(text: string): ListenerOptions {
  const [, name, protocol, host, port] =
    /^(?:(\w+)=)?(\w+):\/\/(\[[^\]]*\]|[^:/]*):(\d+)$/.exec(text) ?? [];
  const known = protocols.find((one) => one === protocol);
  if (port === undefined || known === undefined) {
    const message = `--listener is "${text}", where [name=]protocol://address:port is needed, with ${protocols.join(", ")} as protocol`;
    throw new UsageError(message);
  }
  return { name, protocol: known, host: unbracketed(host) || undefined, port: Number(port) };
}

function advertisedIn(text: string): {
  readonly name: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
} {
  const [, name, host, port] = /^(?:(\w+):\/\/)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?$/.exec(text) ?? [];
  if (host !== undefined) {
    return { name, host: unbracketed(host) as string, port: port ? Number(port) : undefined };
  }
  throw new UsageError(`--advertised is "${text}", where [name://]host[:port] is needed`);
}

/** An IPv6 address without the brackets that keep it apart from its port. */
function unbracketed(host: string | undefined): string | undefined {
  return host?.replace(/^\[(.*)\]$/, "$1");
}

function pairIn(option: string, text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  if (at > 0) return [text.slice(0, at), text.slice(at + separator.length)];
  // A password must not get into logs, so the text is not repeated.
  const wanted = brokerOptionTable[option as keyof typeof brokerOptionTable] as { value?: string };
  throw new UsageError(`--${option} needs the form ${wanted.value}`);
}

function number(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--${option} is "${text}", where a number is needed`);
}
