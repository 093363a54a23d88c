import { BrokerError } from "../../errors.ts";
import { AlterPartitionReassignments } from "../../protocol/index.ts";
import { handler } from "./handler.ts";
import { outcomeOf } from "./outcome.ts";

/** AlterPartitionReassignments 0 and 1. The only replicas that a partition can have are those it has. */
export const alterPartitionReassignments = handler(
  AlterPartitionReassignments,
  ({ topics, allowReplicationFactorChange }, context, { controller }) => {
    if (!context.isAllowed("ALTER", "CLUSTER", "kafka-cluster")) {
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", "partitions must not be moved");
    }
    return {
      throttleTimeMs: 0,
      allowReplicationFactorChange,
      errorCode: 0,
      errorMessage: null,
      responses: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, replicas }) => ({
          partitionIndex,
          ...outcomeOf(() => controller.checkReassignment(name, partitionIndex, replicas)),
        })),
      })),
    };
  },
  [0, 1],
  (errorCode, { topics }) => ({
    throttleTimeMs: 0,
    errorCode,
    errorMessage: null,
    responses: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        return { partitionIndex, errorCode, errorMessage: null };
      }),
    })),
  }),
);
