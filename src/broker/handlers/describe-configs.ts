import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { type Api, DescribeConfigs } from "../../protocol/index.ts";
import { clientMetricsConfigs } from "../metadata/client-metrics-configs.ts";
import { type ConfigType, isSensitive } from "../metadata/config-definition.ts";
import type { Controller } from "../metadata/controller.ts";
import { configSource, type EffectiveConfig, resourceType } from "../metadata/effective-configs.ts";
import { checkTopicName } from "../metadata/topic-name.ts";
import type { RequestContext } from "../server/request-context.ts";
import { handler } from "./handler.ts";
import { failure } from "./outcome.ts";

type Request = ReturnType<typeof DescribeConfigs.request.decode>;
type Resource = Request["resources"][number];
type Response =
  typeof DescribeConfigs extends Api<infer _Q, infer _QI, infer _S, infer In> ? In : never;
type Result = Response["results"][number];

/** `DescribeConfigsResponse.ConfigType`'s ids. */
const typeIds = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
} satisfies Record<ConfigType, number>;
const unknownType = 0;

/**
 * DescribeConfigs 1 to 4. A broker has fewer configs than Kafka's: those that mean something here. It
 * has no loggers whose levels could be set one by one.
 */
export const describeConfigs = handler(
  DescribeConfigs,
  (request, context, { controller }) => ({
    throttleTimeMs: 0,
    results: request.resources.map((resource) => {
      const { resourceType: type, resourceName } = resource;
      return {
        resourceType: type,
        resourceName,
        ...describe(resource, request, context, controller),
      };
    }),
  }),
  [1, 4],
  (errorCode, { resources }) => ({
    throttleTimeMs: 0,
    results: resources.map(({ resourceType: type, resourceName }) => {
      return { errorCode, errorMessage: null, resourceType: type, resourceName, configs: [] };
    }),
  }),
);

function describe(
  resource: Resource,
  request: Request,
  context: RequestContext,
  controller: Controller,
): Pick<Result, "errorCode" | "errorMessage" | "configs"> {
  const refused = authorize(resource, context);
  if (refused !== undefined) {
    return { errorCode: brokerErrorNumber(refused), errorMessage: null, configs: [] };
  }
  try {
    const { configurationKeys: keys } = resource;
    const isAsked = ({ name }: EffectiveConfig) => !keys?.length || keys.includes(name);
    const configs = configsOf(resource, controller).filter(isAsked);
    const isBroker = resource.resourceType === resourceType.broker;
    return {
      errorCode: 0,
      errorMessage: null,
      configs: configs.map((config) => answerOf(config, request, isBroker)),
    };
  } catch (error) {
    if (error instanceof BrokerError) return { ...failure(error), configs: [] };
    throw error;
  }
}

/** The error for one who must not see the configs; a kind of resource that is not known fails all of the request. */
function authorize(
  { resourceType: type, resourceName }: Resource,
  context: RequestContext,
): BrokerErrorCode | undefined {
  switch (type) {
    case resourceType.broker:
    case resourceType.brokerLogger:
    case resourceType.clientMetrics: {
      const isAllowed = context.isAllowed("DESCRIBE_CONFIGS", "CLUSTER", "kafka-cluster");
      return isAllowed ? undefined : "CLUSTER_AUTHORIZATION_FAILED";
    }
    case resourceType.topic: {
      const isAllowed = context.isAllowed("DESCRIBE_CONFIGS", "TOPIC", resourceName);
      return isAllowed ? undefined : "TOPIC_AUTHORIZATION_FAILED";
    }
    case resourceType.group: {
      const isAllowed = context.isAllowed("DESCRIBE_CONFIGS", "GROUP", resourceName);
      return isAllowed ? undefined : "GROUP_AUTHORIZATION_FAILED";
    }
    default:
      throw new BrokerError("INVALID_REQUEST", `Unexpected resource type ${type}`);
  }
}

function configsOf(
  { resourceType: type, resourceName: name }: Resource,
  { image, configs, nodeId }: Controller,
): EffectiveConfig[] {
  switch (type) {
    case resourceType.topic:
      checkTopicName(name);
      if (!image.topics.has(name)) {
        const message = `The topic '${name}' does not exist.`;
        throw new BrokerError("UNKNOWN_TOPIC_OR_PARTITION", message);
      }
      return configs.describeTopic(image.configs({ type, name }) ?? new Map());
    case resourceType.broker:
      if (name !== "") checkBrokerId(name, nodeId);
      return configs.describeBroker(name === "");
    case resourceType.brokerLogger:
      if (name === "") throw new BrokerError("INVALID_REQUEST", "Broker id must not be empty");
      checkBrokerId(name, nodeId);
      return [];
    case resourceType.group:
      if (name === "") throw new BrokerError("INVALID_REQUEST", "Group name must not be empty");
      return configs.describeGroup(name);
    default:
      return describeClientMetrics(name, image.configs({ type, name }) ?? new Map());
  }
}

function checkBrokerId(name: string, nodeId: number): void {
  if (!/^-?\d+$/.test(name)) {
    const message = `Broker id must be an integer, but it is: ${name}`;
    throw new BrokerError("INVALID_REQUEST", message);
  }
  if (Number(name) === nodeId) return;
  const message = `Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`;
  throw new BrokerError("INVALID_REQUEST", message);
}

function describeClientMetrics(name: string, own: ReadonlyMap<string, string>): EffectiveConfig[] {
  if (name === "") {
    const message = "Client metrics subscription name must not be empty";
    throw new BrokerError("INVALID_REQUEST", message);
  }
  return Array.from(clientMetricsConfigs, ([config, definition]) => {
    const set = own.get(config);
    const source = set === undefined ? configSource.default : configSource.clientMetrics;
    const value = set ?? definition.default;
    const synonyms = set === undefined ? [] : [{ name: config, value: set, source }];
    return { name: config, value, source, synonyms, definition };
  });
}

function answerOf(
  { name, value, source, synonyms, definition }: EffectiveConfig,
  { includeSynonyms, includeDocumentation }: Request,
  isBroker: boolean,
): Result["configs"][number] {
  return {
    name,
    value,
    readOnly: isBroker && definition?.isDynamic !== true,
    configSource: source,
    isSensitive: isSensitive(definition),
    synonyms: includeSynonyms ? synonyms : [],
    configType: definition === undefined ? unknownType : typeIds[definition.type],
    documentation: includeDocumentation ? (definition?.documentation ?? null) : null,
  };
}
