import { join } from "node:path";
import { type ListenerName, tlsFiles } from "./cluster-plan.ts";
import type { Properties } from "./properties.ts";
import { type Mechanism, mechanisms, type User, users } from "./users.ts";

/** A file that tells Kafka's own tools how to log in, by `--command-config`. */
export interface ClientConfig {
  readonly file: string;
  readonly properties: Properties;
}

/**
 * Gives the client configurations of a cluster with these listeners, as files in
 * `<directory>/clients`: `plaintext.properties`, `ssl.properties` (with a client certificate), and
 * one for each user and mechanism, such as `sasl_ssl-scram-sha-256-alice.properties`.
 */
export function clientConfigs(
  directory: string,
  listeners: readonly ListenerName[],
): ClientConfig[] {
  const tls = tlsFiles(directory);
  const trust = pemStore("truststore", tls.ca);
  const ownCertificate = pemStore("keystore", tls.clientStore);
  return listeners.flatMap((listener) => {
    const base = { "security.protocol": listener };
    const config = (suffix: string, properties: Properties): ClientConfig => ({
      file: join(directory, "clients", `${listener.toLowerCase()}${suffix}.properties`),
      properties: { ...base, ...properties },
    });
    if (listener === "PLAINTEXT") return [config("", {})];
    if (listener === "SSL") return [config("", { ...trust, ...ownCertificate })];
    const transport = listener === "SASL_SSL" ? trust : {};
    return mechanisms.flatMap((mechanism) =>
      users.map((user) => {
        const suffix = `-${mechanism.toLowerCase()}-${user.name}`;
        return config(suffix, { ...loginProperties(mechanism, user), ...transport });
      }),
    );
  });
}

function pemStore(kind: "truststore" | "keystore", file: string): Properties {
  return { [`ssl.${kind}.type`]: "PEM", [`ssl.${kind}.location`]: file };
}

function loginProperties(mechanism: Mechanism, { name, password }: User): Properties {
  const login = mechanism === "PLAIN" ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
  const credentials = `username="${name}" password="${password}"`;
  return {
    "sasl.mechanism": mechanism,
    "sasl.jaas.config": `org.apache.kafka.common.security.${login} required ${credentials};`,
  };
}
