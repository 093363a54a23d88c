import type { DescribeConfigs, ResponseOf } from "../../protocol/index.ts";

/** What can have a configuration. */
export type ConfigResourceType = "topic" | "broker" | "broker-logger" | "client-metrics" | "group";

/** The number of each type of resource on the wire. */
export const resourceTypeOnWire: Readonly<Record<ConfigResourceType, number>> = {
  topic: 2,
  broker: 4,
  "broker-logger": 8,
  "client-metrics": 16,
  group: 32,
};

/** Something that has a configuration. */
export interface ConfigResource {
  readonly type: ConfigResourceType;
  /** A topic, group or subscription by its name, a broker by its id; "" for the default of all brokers. */
  readonly name: string;
}

const sources = [
  "unknown",
  "topic",
  "broker",
  "default-broker",
  "static-broker",
  "default",
  "broker-logger",
  "client-metrics",
  "group",
] as const;

/**
 * Where a value comes from (KIP-226): set for the resource itself ("topic", "broker", …), for all
 * brokers ("default-broker"), in a broker's file ("static-broker"), or built in ("default").
 */
export type ConfigSource = (typeof sources)[number];

const types = [
  "unknown",
  "boolean",
  "string",
  "int",
  "short",
  "long",
  "double",
  "list",
  "class",
  "password",
] as const;

/** What kind of value an entry has (KIP-569). */
export type ConfigType = (typeof types)[number];

/** One of the values that an entry could have, if those before it were not set. */
export interface ConfigSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: ConfigSource;
}

/** One entry of a configuration. */
export interface ConfigEntry {
  readonly name: string;
  /** Null where it is not set, or is secret. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly type: ConfigType;
  readonly isReadOnly: boolean;
  /** Whether the value is secret, so that the broker does not tell it. */
  readonly isSensitive: boolean;
  /** In the order in which they apply; empty unless asked for. */
  readonly synonyms: readonly ConfigSynonym[];
  /** What the entry means; undefined unless asked for. */
  readonly documentation: string | undefined;
}

/** The name under which a resource's outcome is found: "topic:orders". */
export function resourceKey({ type, name }: ConfigResource): string {
  return `${type}:${name}`;
}

/** The type of resource that a number on the wire stands for; undefined for a newer one. */
export function resourceTypeOf(wire: number): ConfigResourceType | undefined {
  const all = Object.keys(resourceTypeOnWire) as ConfigResourceType[];
  return all.find((type) => resourceTypeOnWire[type] === wire);
}

/** An entry from a broker's answer. */
export function configEntry(
  entry: ResponseOf<typeof DescribeConfigs>["results"][number]["configs"][number],
): ConfigEntry {
  return {
    name: entry.name,
    value: entry.value,
    source: sources[entry.configSource] ?? "unknown",
    type: types[entry.configType] ?? "unknown",
    isReadOnly: entry.readOnly,
    isSensitive: entry.isSensitive,
    synonyms: entry.synonyms.map(({ name, value, source }) => ({
      name,
      value,
      source: sources[source] ?? "unknown",
    })),
    documentation: entry.documentation || undefined,
  };
}
