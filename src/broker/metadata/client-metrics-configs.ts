import { BrokerError } from "../../errors.ts";
import { type ConfigDefinitions, config, configsByName, parseConfig } from "./config-definition.ts";

/** Every config that a subscription to clients' metrics can have (KIP-714, `ClientMetricsConfigs`). */
export const clientMetricsConfigs: ConfigDefinitions = configsByName([
  config("interval.ms", "int", 300000, "How often clients push their metrics, in milliseconds.", {
    min: 100,
    max: 3_600_000,
  }),
  config("match", "list", "", "Which clients the subscription is for, as selector=pattern."),
  config("metrics", "list", "", "The prefixes of the metrics that are wanted; * for all."),
]);

const selectors = [
  "client_instance_id",
  "client_id",
  "client_software_name",
  "client_software_version",
  "client_source_address",
  "client_source_port",
];

/** Checks the configs that a subscription is to have; throws INVALID_CONFIG, or INVALID_REQUEST without a name. */
export function checkClientMetricsConfigs(
  subscription: string,
  configs: ReadonlyMap<string, string>,
): void {
  if (subscription === "") {
    const message = "Subscription name can't be empty";
    throw new BrokerError("INVALID_REQUEST", message);
  }
  for (const [name, text] of configs) {
    const definition = clientMetricsConfigs.get(name);
    if (definition === undefined) throw refused(`Unknown client metrics configuration: ${name}`);
    const value = parseConfig(definition, text);
    if (name !== "match" || !Array.isArray(value)) continue;
    for (const pattern of value) checkSelector(String(pattern));
  }
}

function checkSelector(pattern: string): void {
  const [selector = "", ...rest] = pattern.split("=");
  if (rest.length === 1 && selectors.includes(selector.trim())) return;
  throw refused(`Illegal client matching pattern: ${pattern}`);
}

function refused(message: string): BrokerError {
  return new BrokerError("INVALID_CONFIG", message);
}
