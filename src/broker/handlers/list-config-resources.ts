import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { ListConfigResources } from "../../protocol/index.ts";
import { resourceType } from "../metadata/effective-configs.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

const { topic, broker, brokerLogger, clientMetrics, group } = resourceType;
/** In the order in which Kafka lists them. */
const allTypes: readonly number[] = [group, clientMetrics, brokerLogger, broker, topic];

/** ListConfigResources 0 and 1. Version 0 knows of client metrics alone. */
export const listConfigResources = handler(
  ListConfigResources,
  ({ resourceTypes }, context, services) => {
    if (!context.isAllowed("DESCRIBE_CONFIGS", "CLUSTER", "kafka-cluster")) {
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", "configs must not be described");
    }
    const supported = context.apiVersion === 0 ? [clientMetrics] : allTypes;
    const wanted = resourceTypes.length === 0 ? supported : resourceTypes;
    if (wanted.some((type) => !supported.includes(type))) {
      const errorCode = brokerErrorNumber("UNSUPPORTED_VERSION");
      return { throttleTimeMs: 0, errorCode, configResources: [] };
    }
    const configResources = supported
      .filter((type) => wanted.includes(type))
      .flatMap((type) =>
        namesOf(type, services).map((resourceName) => ({ resourceName, resourceType: type })),
      );
    return { throttleTimeMs: 0, errorCode: 0, configResources };
  },
  [0, 1],
  (errorCode) => ({ throttleTimeMs: 0, errorCode, configResources: [] }),
);

function namesOf(type: number, { controller, settings }: BrokerServices): string[] {
  if (type === topic) return [...controller.image.topics.keys()];
  if (type === broker || type === brokerLogger) return [String(settings.nodeId)];
  return [...controller.image.configState.all()]
    .filter(({ resource }) => resource.type === type)
    .map(({ resource }) => resource.name);
}
