import { BrokerError } from "../../errors.ts";

/** What kind of value a config has (`ConfigDef.Type`). */
export type ConfigType =
  | "boolean"
  | "string"
  | "int"
  | "short"
  | "long"
  | "double"
  | "list"
  | "class"
  | "password";

/** A parsed value; long values beyond 2^53 are rounded, so keep the text where it must be exact. */
export type ConfigValue = string | number | boolean | readonly string[];

/** What is known of one config: as `ConfigDef.ConfigKey`, in the form that values travel in. */
export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  /** As text; null for none. */
  readonly default: string | null;
  readonly documentation: string;
  /** The least and the greatest number, both included. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** The values that a string or the entries of a list may have. */
  readonly oneOf?: readonly string[] | undefined;
  /** A further rule that the text must keep. */
  readonly pattern?: RegExp | undefined;
  /** Whether a broker takes a new value while it runs; only says something about configs of brokers. */
  readonly isDynamic?: boolean | undefined;
}

/** Configs by name. */
export type ConfigDefinitions = ReadonlyMap<string, ConfigDefinition>;

type Rules = Omit<ConfigDefinition, "name" | "type" | "default" | "documentation">;

/** Declares one config; the default is given as text. */
export function config(
  name: string,
  type: ConfigType,
  fallback: string | number | boolean | null,
  documentation: string,
  rules: Rules = {},
): ConfigDefinition {
  const text = fallback === null ? null : String(fallback);
  return { name, type, default: text, documentation, ...rules };
}

/** Makes definitions findable by name. */
export function configsByName(definitions: readonly ConfigDefinition[]): ConfigDefinitions {
  return new Map(definitions.map((definition) => [definition.name, definition]));
}

/** `Long.MAX_VALUE` as text: how Kafka writes "no bound". */
export const unbounded = "9223372036854775807";

const ranges = {
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/** Reads a config's value as `ConfigDef` does; throws INVALID_CONFIG where it breaks a rule. */
export function parseConfig(definition: ConfigDefinition, text: string): ConfigValue {
  const value = parsed(definition, text.trim());
  const { min, max, oneOf, pattern } = definition;
  if (typeof value === "number") {
    if (min !== undefined && value < min) throw invalid(definition, text, `at least ${min}`);
    if (max !== undefined && value > max) throw invalid(definition, text, `at most ${max}`);
  }
  const words = Array.isArray(value) ? value : [String(value)];
  if (oneOf !== undefined && !words.every((word: string) => oneOf.includes(word))) {
    throw invalid(definition, text, `one of ${oneOf.join(", ")}`);
  }
  if (oneOf !== undefined && new Set(words).size < words.length) {
    throw invalid(definition, text, "without duplicates");
  }
  if (pattern !== undefined && !pattern.test(text.trim())) {
    throw invalid(definition, text, `of the form ${pattern.source}`);
  }
  return value;
}

/** Gives a config's value as text in the one form that Kafka shows: " TRUE" as "true", "007" as "7". */
export function normalizeConfig(definition: ConfigDefinition, text: string): string {
  const trimmed = text.trim();
  if (definition.type in ranges) return BigInt(trimmed.replace(/^\+/, "")).toString();
  const value = parsed(definition, trimmed);
  if (definition.type !== "double") return Array.isArray(value) ? value.join(",") : String(value);
  return Number.isInteger(value) && Math.abs(Number(value)) < 1e7 ? `${value}.0` : trimmed;
}

/** Whether the value of a config must not be shown. Nobody knows of an unknown one, so it must not. */
export function isSensitive(definition: ConfigDefinition | undefined): boolean {
  return definition === undefined || definition.type === "password";
}

function parsed(definition: ConfigDefinition, text: string): ConfigValue {
  switch (definition.type) {
    case "boolean": {
      const word = text.toLowerCase();
      if (word === "true") return true;
      if (word === "false") return false;
      throw invalid(definition, text, "true or false");
    }
    case "int":
    case "short":
    case "long":
      return wholeNumber(definition, text, ranges[definition.type]);
    case "double": {
      const value = Number(text);
      if (text === "" || Number.isNaN(value)) throw invalid(definition, text, "a number");
      return value;
    }
    case "list":
      return text === "" ? [] : text.split(",").map((word) => word.trim());
    case "string":
    case "class":
    case "password":
      return text;
    default:
      return definition.type satisfies never;
  }
}

function wholeNumber(
  definition: ConfigDefinition,
  text: string,
  [least, greatest]: readonly [bigint, bigint],
): number {
  const isNumber = /^[+-]?\d+$/.test(text);
  const value = isNumber ? BigInt(text.replace(/^\+/, "")) : 0n;
  if (!isNumber || value < least || value > greatest) {
    throw invalid(definition, text, `a number of type ${definition.type.toUpperCase()}`);
  }
  return Number(value);
}

function invalid(definition: ConfigDefinition, text: string, wanted: string): BrokerError {
  const shown = definition.type === "password" ? "[hidden]" : text;
  const message = `Invalid value ${shown} for configuration ${definition.name}: it must be ${wanted}`;
  return new BrokerError("INVALID_CONFIG", message);
}
