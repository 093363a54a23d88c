import { MillraceError } from "../../errors.ts";
import type { BrokerSettings, ListenerSettings } from "../settings.ts";
import { parseConfig } from "./config-definition.ts";
import { brokerDefinition } from "./effective-configs.ts";

/**
 * Kafka's settings as this broker was started with them, by their own names: those given, and what
 * follows from the rest. Throws INVALID_ARGUMENT where one cannot be.
 */
export function staticConfigs(
  { nodeId, listeners, configs }: BrokerSettings,
  logDirectory: string,
): ReadonlyMap<string, string> {
  for (const [name, text] of configs) check(name, text);
  const address = (host: string, { name, port }: ListenerSettings) => `${name}://${host}:${port}`;
  const advertised = listeners
    .filter(({ advertisedHost, advertisedPort }) => advertisedHost ?? advertisedPort)
    .map((listener) => {
      const { advertisedHost: host = listener.host, advertisedPort: port = listener.port } =
        listener;
      return address(host, { ...listener, port });
    });
  const derived: [string, string][] = [
    ["process.roles", "broker,controller"],
    ["node.id", String(nodeId)],
    ["broker.id", String(nodeId)],
    ["log.dirs", logDirectory],
    ["listeners", listeners.map((listener) => address(listener.host, listener)).join(",")],
    [
      "listener.security.protocol.map",
      listeners.map(({ name, protocol }) => `${name}:${protocol}`).join(","),
    ],
  ];
  if (advertised.length > 0) derived.push(["advertised.listeners", advertised.join(",")]);
  return new Map([...derived, ...configs]);
}

function check(name: string, text: string): void {
  const definition = brokerDefinition(name);
  try {
    if (definition !== undefined) parseConfig(definition, text);
  } catch (cause) {
    const message = `the broker cannot be set to this: ${(cause as Error).message}`;
    throw new MillraceError("INVALID_ARGUMENT", message, { cause });
  }
}
