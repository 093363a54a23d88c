import { MillraceError } from "../../errors.ts";
import {
  DescribeConfigs,
  IncrementalAlterConfigs,
  ListConfigResources,
} from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { throwIfRefused } from "../refusal.ts";
import {
  type ConfigEntry,
  type ConfigResource,
  type ConfigResourceType,
  configEntry,
  resourceKey,
  resourceTypeOf,
  resourceTypeOnWire,
} from "./config-entry.ts";
import { dispatch } from "./dispatch.ts";
import { type AdminOptions, attempting } from "./operation.ts";
import { type Outcomes, oneOrMany, outcomeOf } from "./outcome.ts";
import { toBroker } from "./route.ts";

/** What is told about configurations. */
export interface DescribeConfigsOptions extends AdminOptions {
  /** Only these entries; all by default. */
  readonly names?: readonly string[] | undefined;
  /** Whether to tell what else each entry could be; false by default. */
  readonly includeSynonyms?: boolean | undefined;
  /** Whether to tell what each entry means; false by default. */
  readonly includeDocumentation?: boolean | undefined;
}

/** A resource, and what is to change in its configuration. Entries that are not named stay as they are. */
export interface ConfigAlteration extends ConfigResource {
  readonly set?: { readonly [name: string]: string } | undefined;
  /** Entries that go back to their defaults. */
  readonly delete?: readonly string[] | undefined;
  /** Values that are added to entries which are lists. */
  readonly append?: { readonly [name: string]: string | readonly string[] } | undefined;
  /** Values that are taken from entries which are lists. */
  readonly subtract?: { readonly [name: string]: string | readonly string[] } | undefined;
}

/** How configurations are altered. */
export interface AlterConfigsOptions extends AdminOptions {
  /** Checks whether the change could be made, and makes none. */
  readonly validateOnly?: boolean | undefined;
}

/** A resource's configuration: its entries by name. */
export type Config = ReadonlyMap<string, ConfigEntry>;

/** Shows and changes the configurations of topics, brokers, loggers, groups and client metrics. */
export class Configs {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Describes resources' configurations, defaults included; outcomes are found under "topic:orders". */
  describe(resource: ConfigResource, options?: DescribeConfigsOptions): Promise<Config>;
  describe(
    resources: readonly ConfigResource[],
    options?: DescribeConfigsOptions,
  ): Promise<Outcomes<Config>>;
  describe(
    asked: ConfigResource | readonly ConfigResource[],
    options: DescribeConfigsOptions = {},
  ) {
    return oneOrMany(asked, (resources) => this.#describe(resources, options));
  }

  /**
   * Changes single entries of resources' configurations (KIP-339), all of a resource or none.
   *
   * ```ts
   * await admin.configs.alter({ type: "topic", name: "orders", set: { "retention.ms": "60000" } });
   * ```
   */
  alter(alteration: ConfigAlteration, options?: AlterConfigsOptions): Promise<void>;
  alter(
    alterations: readonly ConfigAlteration[],
    options?: AlterConfigsOptions,
  ): Promise<Outcomes<void>>;
  alter(asked: ConfigAlteration | readonly ConfigAlteration[], options: AlterConfigsOptions = {}) {
    return oneOrMany(asked, (alterations) => this.#alter(alterations, options));
  }

  /** Lists the resources of these types (all by default) that can have a configuration (KIP-1142). */
  list(
    types: readonly ConfigResourceType[] = [],
    options: AdminOptions = {},
  ): Promise<ConfigResource[]> {
    const attempt = "listing the config resources";
    const resourceTypes = types.map((type) => resourceTypeOnWire[type]);
    return attempting(this.#cluster, attempt, options, async (request) => {
      const body = (version: number) => (version === 0 ? onlyMetrics(types) : { resourceTypes });
      const answer = await this.#cluster.request("any", ListConfigResources, body, request);
      throwIfRefused(answer.errorCode, attempt);
      return answer.configResources.flatMap(({ resourceName: name, resourceType }) => {
        const type = resourceTypeOf(resourceType);
        return type ? [{ type, name }] : [];
      });
    });
  }

  #describe(
    resources: readonly ConfigResource[],
    options: DescribeConfigsOptions,
  ): Promise<Outcomes<Config>> {
    const { names, includeSynonyms = false, includeDocumentation = false } = options;
    const attempt = (resource: ConfigResource) =>
      `describing the configuration of ${label(resource)}`;
    return dispatch(
      this.#cluster,
      resources,
      {
        key: resourceKey,
        attempt,
        route: toBroker(this.#cluster, brokerOf, attempt),
        send: async (target, items, request) => {
          const body = {
            resources: items.map(({ type, name }) => ({
              resourceType: resourceTypeOnWire[type],
              resourceName: name,
              configurationKeys: names ?? null,
            })),
            includeSynonyms,
            includeDocumentation,
          };
          const { results } = await this.#cluster.request(target, DescribeConfigs, body, request);
          return byResource(results, attempt, ({ configs }) => {
            return new Map(configs.map((entry) => [entry.name, configEntry(entry)]));
          });
        },
        final: ["UNKNOWN_TOPIC_OR_PARTITION"],
      },
      options,
    );
  }

  #alter(
    alterations: readonly ConfigAlteration[],
    options: AlterConfigsOptions,
  ): Promise<Outcomes<void>> {
    const { validateOnly = false } = options;
    const attempt = (resource: ConfigResource) =>
      `altering the configuration of ${label(resource)}`;
    return dispatch(
      this.#cluster,
      alterations,
      {
        key: resourceKey,
        attempt,
        route: toBroker(this.#cluster, brokerOf, attempt),
        send: async (target, items, request) => {
          const body = {
            resources: items.map((alteration) => ({
              resourceType: resourceTypeOnWire[alteration.type],
              resourceName: alteration.name,
              configs: changes(alteration),
            })),
            validateOnly,
          };
          const answer = await this.#cluster.request(
            target,
            IncrementalAlterConfigs,
            body,
            request,
          );
          return byResource(answer.responses, attempt, () => {});
        },
        final: ["UNKNOWN_TOPIC_OR_PARTITION"],
      },
      options,
    );
  }
}

/** Version 0 lists client metrics whatever was wanted, so nothing else may be asked for. */
function onlyMetrics(types: readonly ConfigResourceType[]): Record<string, never> {
  if (types.length === 1 && types[0] === "client-metrics") return {};
  const text = "the broker is too old to list config resources other than client-metrics";
  throw new MillraceError("UNSUPPORTED_VERSION", text);
}

const operationOnWire = { set: 0, delete: 1, append: 2, subtract: 3 };

function changes({ set = {}, delete: deleted = [], append = {}, subtract = {} }: ConfigAlteration) {
  const joined = (value: string | readonly string[]) =>
    typeof value === "string" ? value : value.join(",");
  return [
    ...Object.entries(set).map(([name, value]) => change(name, "set", value)),
    ...deleted.map((name) => change(name, "delete", null)),
    ...Object.entries(append).map(([name, value]) => change(name, "append", joined(value))),
    ...Object.entries(subtract).map(([name, value]) => change(name, "subtract", joined(value))),
  ];
}

function change(name: string, operation: keyof typeof operationOnWire, value: string | null) {
  return { name, configOperation: operationOnWire[operation], value };
}

/** A broker answers for itself; the rest anyone can answer. */
function brokerOf(resource: ConfigResource): number | "any" {
  const { type, name } = resource;
  if ((type !== "broker" && type !== "broker-logger") || name === "") return "any";
  const id = Number(name);
  if (Number.isInteger(id) && id >= 0) return id;
  const text = `${label(resource)} is not the name of a broker's configuration: give the broker's id`;
  throw new MillraceError("INVALID_ARGUMENT", text);
}

interface ResourceAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
}

function byResource<A extends ResourceAnswer, T>(
  answers: readonly A[],
  attempt: (resource: ConfigResource) => string,
  value: (answer: A) => T,
): Outcomes<T> {
  const outcomes = answers.flatMap((answer) => {
    const type = resourceTypeOf(answer.resourceType);
    if (!type) return [];
    const resource = { type, name: answer.resourceName };
    const { errorCode, errorMessage } = answer;
    const outcome = outcomeOf(errorCode, attempt(resource), errorMessage, () => value(answer));
    return [[resourceKey(resource), outcome] as const];
  });
  return new Map(outcomes);
}

function label({ type, name }: ConfigResource): string {
  return name === "" ? `the ${type} default` : `${type} ${name}`;
}
