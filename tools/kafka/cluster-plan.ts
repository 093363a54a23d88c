import { join } from "node:path";
import type { Properties } from "./properties.ts";

/** Kafka's security protocols, each a listener of its own and named after it. */
export type ListenerName = "PLAINTEXT" | "SASL_PLAINTEXT" | "SSL" | "SASL_SSL";

/** How a cluster is set up; all of it is optional. */
export interface ClusterSettings {
  /** How many nodes, each a broker and a controller: 1 (the default) to 9, in practice 1 or 3. */
  readonly nodes?: number | undefined;
  /** Adds SASL_PLAINTEXT (and SASL_SSL if `tls`): PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 for `users`. */
  readonly sasl?: boolean | undefined;
  /** Adds SSL (and SASL_SSL if `sasl`), with certificates from an authority made for this cluster. */
  readonly tls?: boolean | undefined;
  /** Whether SSL asks clients for a certificate; default "requested", where going without is allowed. */
  readonly clientAuth?: "none" | "requested" | "required" | undefined;
  /**
   * Checks ACLs with Kafka's StandardAuthorizer. Super users are `admin` and whoever comes through
   * PLAINTEXT (ANONYMOUS), where the brokers themselves meet; what has no ACL is open to everyone.
   */
  readonly authorizer?: boolean | undefined;
  /** The Java heap of each node, as in `-Xmx`; default "1g". */
  readonly heap?: string | undefined;
  /** False starts nodes without our archive of loaded classes, as slowly as Kafka's own script does. */
  readonly classArchive?: boolean | undefined;
  /** Further flags for each node's JVM. */
  readonly jvmFlags?: readonly string[] | undefined;
  /** Any further broker properties; they win over the tool's own. */
  readonly properties?: Properties | undefined;
  /** Feature levels to format with, such as `{ "streams.version": 0 }`; the others are Kafka's defaults. */
  readonly features?: Readonly<Record<string, number>> | undefined;
}

/** All that is settled before the first node starts; plain data, so that it survives in a state file. */
export interface ClusterPlan {
  readonly clusterId: string;
  readonly directory: string;
  /** Whether the directory was made for this cluster and goes when it is closed. */
  readonly temporary: boolean;
  readonly settings: ClusterSettings;
  readonly nodes: readonly NodePlan[];
}

/** One node's files and ports. */
export interface NodePlan {
  readonly id: number;
  readonly ports: Readonly<Partial<Record<ListenerName, number>>> & {
    readonly PLAINTEXT: number;
    readonly CONTROLLER: number;
  };
  /** Kafka's `log.dirs`. */
  readonly logDirectory: string;
  readonly propertiesFile: string;
  /** What the node logs and prints. */
  readonly logFile: string;
}

/** Throws if the settings cannot be met. */
export function checkSettings({ nodes = 1, heap = "1g" }: ClusterSettings): void {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 9) {
    throw new Error(`a cluster has 1 to 9 nodes, not ${nodes}`);
  }
  if (!/^\d+[kmg]$/i.test(heap)) {
    throw new Error(`a heap is a number with k, m or g behind it, such as 512m, not ${heap}`);
  }
}

/**
 * Lays out a cluster's nodes. Node n (from 1) has PLAINTEXT at `basePort + n - 1`, and the other
 * listeners ten ports further each: SASL_PLAINTEXT, SSL, SASL_SSL, CONTROLLER.
 */
export function planNodes(
  directory: string,
  basePort: number,
  settings: ClusterSettings,
): NodePlan[] {
  const { nodes = 1, sasl = false, tls = false } = settings;
  return Array.from({ length: nodes }, (_, index) => {
    const port = (listener: number) => basePort + 10 * listener + index;
    const home = join(directory, `node-${index + 1}`);
    return {
      id: index + 1,
      ports: {
        PLAINTEXT: port(0),
        ...(sasl && { SASL_PLAINTEXT: port(1) }),
        ...(tls && { SSL: port(2) }),
        ...(sasl && tls && { SASL_SSL: port(3) }),
        CONTROLLER: port(4),
      },
      logDirectory: join(home, "log"),
      propertiesFile: join(home, "server.properties"),
      logFile: join(home, "server.log"),
    };
  });
}

/** The listeners that clients of this cluster can choose from. */
export function listenerNames({ nodes }: ClusterPlan): ListenerName[] {
  const ports = nodes[0]?.ports ?? {};
  return clientListeners.filter((name) => name in ports);
}

const clientListeners: readonly ListenerName[] = ["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"];

/** The PEM files of a cluster with TLS. */
export interface TlsFiles {
  /** The authority's certificate, for clients to trust. */
  readonly ca: string;
  /** A client's certificate; its principal is `User:CN=client`. */
  readonly clientCertificate: string;
  /** The client's private key, not encrypted. */
  readonly clientKey: string;
  /** The server's key and certificates in one file, as `ssl.keystore.type=PEM` wants them. */
  readonly serverStore: string;
  /** The same for Java clients. */
  readonly clientStore: string;
}

/** Names the PEM files of a cluster that keeps its data in `directory`. */
export function tlsFiles(directory: string): TlsFiles {
  const file = (name: string) => join(directory, "tls", name);
  return {
    ca: file("ca.pem"),
    clientCertificate: file("client-cert.pem"),
    clientKey: file("client-key.pem"),
    serverStore: file("server-store.pem"),
    clientStore: file("client-store.pem"),
  };
}
