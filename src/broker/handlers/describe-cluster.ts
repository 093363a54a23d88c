import { brokerErrorNumber } from "../../broker-error-code.ts";
import { DescribeCluster } from "../../protocol/index.ts";
import { authorizedOperations } from "../security/authorized-operations.ts";
import { handler } from "./handler.ts";

/** Stands for "not asked for" (KIP-430). */
const operationsNotAsked = -(2 ** 31);
const brokers = 1;
const controllers = 2;

/** DescribeCluster 0 to 2. There is no listener for controllers, so it tells of brokers alone. */
export const describeCluster = handler(
  DescribeCluster,
  (request, context, { clusterId, controller, settings, endpoint }) => {
    const { endpointType } = request;
    if (endpointType !== brokers) {
      const isKnown = endpointType === controllers;
      const code = isKnown ? "MISMATCHED_ENDPOINT_TYPE" : "UNSUPPORTED_ENDPOINT_TYPE";
      const errorMessage = isKnown
        ? "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
        : `Unsupported endpoint type ${endpointType}`;
      const errorCode = brokerErrorNumber(context.apiVersion === 0 ? "INVALID_REQUEST" : code);
      return { throttleTimeMs: 0, errorCode, errorMessage, clusterId: "", brokers: [] };
    }
    const isAllowed = context.isAllowed("DESCRIBE", "CLUSTER", "kafka-cluster");
    const operations = isAllowed ? authorizedOperations(context, "CLUSTER", "kafka-cluster") : 0;
    const rack = controller.configs.broker("broker.rack") ?? null;
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      clusterId,
      controllerId: settings.nodeId,
      brokers: [{ brokerId: settings.nodeId, ...endpoint(context.listenerName), rack }],
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? operations
        : operationsNotAsked,
    };
  },
  [0, 2],
  (errorCode) => ({ throttleTimeMs: 0, errorCode, clusterId: "", brokers: [] }),
);
