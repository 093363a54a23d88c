import { BrokerError } from "../../errors.ts";
import { ListPartitionReassignments } from "../../protocol/index.ts";
import { handler } from "./handler.ts";

/** ListPartitionReassignments 0. With one node there are none. */
export const listPartitionReassignments = handler(
  ListPartitionReassignments,
  (_request, context) => {
    if (!context.isAllowed("DESCRIBE", "CLUSTER", "kafka-cluster")) {
      const message = "the cluster must not be described";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, topics: [] };
  },
  [0, 0],
  (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null, topics: [] }),
);
