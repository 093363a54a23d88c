import { BrokerError } from "../../errors.ts";
import { UnregisterBroker } from "../../protocol/index.ts";
import { handler } from "./handler.ts";
import { outcomeOf } from "./outcome.ts";

/** UnregisterBroker 0. The only broker there is cannot be taken out of its own cluster. */
export const unregisterBroker = handler(
  UnregisterBroker,
  ({ brokerId }, context, { settings }) => {
    const outcome = outcomeOf(() => {
      if (!context.isAllowed("ALTER", "CLUSTER", "kafka-cluster")) {
        const message = "brokers must not be unregistered";
        throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
      }
      if (brokerId !== settings.nodeId) {
        const message = `Broker ID ${brokerId} is not currently registered`;
        throw new BrokerError("BROKER_ID_NOT_REGISTERED", message);
      }
      const message = `broker ${brokerId} is the only one, and cannot be unregistered while it runs`;
      throw new BrokerError("INVALID_REQUEST", message);
    });
    return { throttleTimeMs: 0, ...outcome };
  },
  [0, 0],
  (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null }),
);
