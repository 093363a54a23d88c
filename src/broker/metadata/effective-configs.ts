import { brokerConfigs, synonymsOfBrokerConfig, topicSynonyms } from "./broker-configs.ts";
import type { ConfigResource } from "./cluster-image.ts";
import { type ConfigDefinition, isSensitive, normalizeConfig } from "./config-definition.ts";
import { boundsOfGroupConfig, brokerSynonymOfGroupConfig, groupConfigs } from "./group-configs.ts";
import { topicConfig, topicConfigs } from "./topic-configs.ts";

/** Where a value comes from: `DescribeConfigsResponse.ConfigSource`'s ids. */
export const configSource = {
  topic: 1,
  broker: 2,
  defaultBroker: 3,
  staticBroker: 4,
  default: 5,
  clientMetrics: 7,
  group: 8,
} as const;

/** `ConfigResource.Type`'s ids. */
export const resourceType = {
  topic: 2,
  broker: 4,
  brokerLogger: 8,
  clientMetrics: 16,
  group: 32,
} as const;

/** One value that a config has or would have if those before it were not set. */
export interface ConfigSynonym {
  readonly name: string;
  /** Null for what must not be shown. */
  readonly value: string | null;
  readonly source: number;
}

/** A config with its value in force and where that comes from. */
export interface EffectiveConfig {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
  readonly synonyms: readonly ConfigSynonym[];
  readonly definition: ConfigDefinition | undefined;
}

/** The configs of brokers that topics follow, with what they follow in turn. */
const families = new Map([...topicSynonyms.values()].map((family) => [family[0]?.name, family]));

type Lookup = (resource: ConfigResource) => ReadonlyMap<string, string> | undefined;

/**
 * Which value is in force for each config: one set for the topic or group itself, for this broker, for
 * all brokers, given to the broker at its start, or Kafka's default, in this order (KIP-226).
 */
export class EffectiveConfigs {
  readonly #lookup: Lookup;
  readonly #nodeId: string;
  /** What the broker was given at its start. */
  readonly statics: ReadonlyMap<string, string>;

  constructor(lookup: Lookup, nodeId: number, statics: ReadonlyMap<string, string>) {
    this.#lookup = lookup;
    this.#nodeId = String(nodeId);
    this.statics = statics;
  }

  /**
   * A broker's value in force; undefined where nobody set one and there is no default. What has
   * variants in other units is converted: log.retention.ms follows log.retention.hours.
   */
  broker(name: string): string | undefined {
    const family = families.get(name);
    if (family === undefined) return this.#inForce(name);
    for (const layer of this.#layers()) {
      for (const { name: synonym, unit = 1n } of family) {
        const text = layer.get(synonym);
        if (text !== undefined) return unit === 1n ? text : String(BigInt(text.trim()) * unit);
      }
    }
    return undefined;
  }

  /** A topic's value in force, as text; the broker's where the topic is unknown or sets none. */
  topic(topic: string, name: string): string {
    const own = this.#lookup({ type: resourceType.topic, name: topic })?.get(name);
    return own ?? this.inheritedByTopics(name);
  }

  /** What a topic has that does not set the config itself. */
  inheritedByTopics(name: string): string {
    const synonym = topicSynonyms.get(name)?.[0];
    const inherited = synonym === undefined ? undefined : this.broker(synonym.name);
    return inherited ?? topicConfig(name)?.default ?? "";
  }

  /** A group's value in force, as text; kept within the bounds that brokers set by now. */
  group(groupId: string, name: string): string {
    const own = this.#lookup({ type: resourceType.group, name: groupId })?.get(name);
    if (own === undefined) return this.#inheritedByGroups(name);
    const { min, max } = boundsOfGroupConfig(name);
    const [least, greatest] = [this.broker(min), this.broker(max)];
    if (least !== undefined && Number(own) < Number(least)) return least;
    if (greatest !== undefined && Number(own) > Number(greatest)) return greatest;
    return own;
  }

  /** All configs of a topic, as DescribeConfigs and CreateTopics show them. */
  describeTopic(own: ReadonlyMap<string, string>): EffectiveConfig[] {
    const hidden = [...own.keys()].filter((name) => !topicConfigs.has(name));
    return [...topicConfigs.keys(), ...hidden].map((name) => {
      const synonym = topicSynonyms.get(name)?.[0];
      const inherited = synonym === undefined ? [] : this.#synonymsOf(synonym.name);
      const value = own.get(name) ?? this.inheritedByTopics(name);
      return describe(name, value, own, configSource.topic, inherited, topicConfig(name));
    });
  }

  /** All configs of a group. */
  describeGroup(groupId: string): EffectiveConfig[] {
    const own = this.#lookup({ type: resourceType.group, name: groupId }) ?? new Map();
    return Array.from(groupConfigs, ([name, definition]) => {
      const synonym = brokerSynonymOfGroupConfig(name);
      const fallback = { name, value: definition.default, source: configSource.default };
      const inherited = synonym === undefined ? [fallback] : this.#synonymsOf(synonym);
      const value = own.get(name) ?? this.#inheritedByGroups(name);
      return describe(name, value, own, configSource.group, inherited, definition);
    });
  }

  /** All configs of this broker, or with `isDefault` what was set for all brokers. */
  describeBroker(isDefault: boolean): EffectiveConfig[] {
    const [dynamic, shared] = [this.#dynamic(this.#nodeId), this.#dynamic("")];
    const set = isDefault ? shared.keys() : [...dynamic.keys(), ...shared.keys()];
    const known = isDefault ? [] : [...brokerConfigs.keys(), ...this.statics.keys()];
    return Array.from(new Set([...known, ...set]), (name) => {
      const all = this.#synonymsOf(name);
      const synonyms = all.filter(
        ({ source }) => !isDefault || source === configSource.defaultBroker,
      );
      const definition = brokerDefinition(name);
      const text = isDefault ? shared.get(name) : this.#inForce(name);
      return {
        name,
        value: shown(definition, text ?? null),
        source: synonyms[0]?.source ?? configSource.default,
        synonyms,
        definition,
      };
    });
  }

  #inheritedByGroups(name: string): string {
    const synonym = brokerSynonymOfGroupConfig(name);
    const inherited = synonym === undefined ? undefined : this.broker(synonym);
    return inherited ?? groupConfigs.get(name)?.default ?? "";
  }

  #inForce(name: string): string | undefined {
    for (const layer of this.#layers()) {
      const text = layer.get(name);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #layers(): { get(name: string): string | undefined }[] {
    const defaults = { get: (name: string) => brokerDefinition(name)?.default ?? undefined };
    return [this.#dynamic(this.#nodeId), this.#dynamic(""), this.statics, defaults];
  }

  #dynamic(broker: string): ReadonlyMap<string, string> {
    return this.#lookup({ type: resourceType.broker, name: broker }) ?? new Map();
  }

  /** As `ConfigHelper.configSynonyms`: what comes before the name itself is no synonym of it. */
  #synonymsOf(name: string): ConfigSynonym[] {
    const names = synonymsOfBrokerConfig(name);
    const { broker, defaultBroker, staticBroker, default: fallback } = configSource;
    const sources = [broker, defaultBroker, staticBroker, fallback];
    const found: ConfigSynonym[] = [];
    for (const [index, layer] of this.#layers().entries()) {
      for (const synonym of names) {
        const text = layer.get(synonym);
        if (text === undefined) continue;
        const value = isSensitive(brokerDefinition(synonym)) ? null : text;
        found.push({ name: synonym, value, source: sources[index] ?? fallback });
      }
    }
    const start = found.findIndex((synonym) => synonym.name === name);
    return start === -1 ? [] : found.slice(start);
  }
}

/** The definition of a broker's config, also of one that is given for a listener alone. */
export function brokerDefinition(name: string): ConfigDefinition | undefined {
  const listenerPrefix = /^listener\.name\./;
  if (!listenerPrefix.test(name)) return brokerConfigs.get(name);
  return brokerConfigs.get(synonymsOfBrokerConfig(name).at(-1) ?? name);
}

function describe(
  name: string,
  text: string,
  own: ReadonlyMap<string, string>,
  ownSource: number,
  inherited: readonly ConfigSynonym[],
  definition: ConfigDefinition | undefined,
): EffectiveConfig {
  const value = shown(definition, text);
  const synonyms = own.has(name) ? [{ name, value, source: ownSource }, ...inherited] : inherited;
  return { name, value, source: synonyms[0]?.source ?? configSource.default, synonyms, definition };
}

function shown(definition: ConfigDefinition | undefined, text: string | null): string | null {
  if (isSensitive(definition) || definition === undefined || text === null) return null;
  return normalizeConfig(definition, text);
}
