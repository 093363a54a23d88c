import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { FindCoordinator } from "../../protocol/index.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

const groupType = 0;
const transactionType = 1;
/** From this version on several coordinators can be asked for at once (KIP-699). */
const batchFrom = 4;

interface Coordinator {
  readonly error: BrokerErrorCode | undefined;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/**
 * Versions 0 to 6. One node coordinates everything, so it always answers with itself. Kafka tells the
 * first who asks to come back while it makes `__consumer_offsets`; here it is there with the answer.
 * Share coordinators are refused with INVALID_REQUEST in all versions, not only before 6.
 */
export const findCoordinator = handler(FindCoordinator, (request, context, services) => {
  const { keyType, key, coordinatorKeys } = request;
  if (context.apiVersion >= batchFrom) {
    const coordinators = coordinatorKeys.map((one) => {
      const { error, ...node } = find(keyType, one, context, services);
      return { key: one, ...node, errorCode: errorNumber(error), errorMessage: "" };
    });
    return { coordinators };
  }
  const { error, ...node } = find(keyType, key, context, services);
  return { ...node, errorCode: errorNumber(error), errorMessage: error ?? "NONE" };
});

function find(
  keyType: number,
  key: string,
  context: RequestContext,
  services: BrokerServices,
): Coordinator {
  const error = errorOf(keyType, key, context, services);
  if (error !== undefined) return { error, nodeId: -1, host: "", port: -1 };
  const { host, port } = services.endpoint(context.listenerName);
  return { error, nodeId: services.settings.nodeId, host, port };
}

function errorOf(
  keyType: number,
  key: string,
  context: RequestContext,
  services: BrokerServices,
): BrokerErrorCode | undefined {
  switch (keyType) {
    case groupType:
      if (!context.isAllowed("DESCRIBE", "GROUP", key)) return "GROUP_AUTHORIZATION_FAILED";
      break;
    case transactionType:
      if (!context.isAllowed("DESCRIBE", "TRANSACTIONAL_ID", key)) {
        return "TRANSACTIONAL_ID_AUTHORIZATION_FAILED";
      }
      break;
    default:
      return "INVALID_REQUEST";
  }
  try {
    if (keyType === groupType) services.groups.ensureTopic();
    else services.transactions.createTopic();
    return undefined;
  } catch (error) {
    if (error instanceof BrokerError) return "COORDINATOR_NOT_AVAILABLE";
    throw error;
  }
}

function errorNumber(error: BrokerErrorCode | undefined): number {
  return error === undefined ? 0 : brokerErrorNumber(error);
}
