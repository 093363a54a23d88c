import type { HttpAddress } from "../http.ts";
import type { ServerTlsOptions } from "../network.ts";

/** One address that a broker listens on. */
export interface ListenerSettings {
  /** As in `listeners`, such as "PLAINTEXT". */
  readonly name: string;
  readonly protocol: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** What clients are told; by default where it listens. */
  readonly advertisedHost?: string | undefined;
  readonly advertisedPort?: number | undefined;
  /** Certificate and key, for SSL and SASL_SSL. */
  readonly tls?: ServerTlsOptions | undefined;
}

/** Everything that a broker is set to and that does not change while it runs. */
export interface BrokerSettings {
  readonly nodeId: number;
  readonly listeners: readonly ListenerSettings[];
  /** Where the data lies; undefined for memory only. */
  readonly dataDir: string | undefined;
  /** Kafka's broker settings by their own names ("log.retention.ms"), as text, where they differ from Kafka's defaults. */
  readonly configs: ReadonlyMap<string, string>;
  /** Users of SASL listeners with their passwords, besides those in the metadata. */
  readonly saslUsers?: ReadonlyMap<string, string> | undefined;
  /** Where metrics are served over HTTP; nowhere if undefined. */
  readonly metrics?: HttpAddress | undefined;
}
