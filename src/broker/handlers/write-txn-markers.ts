import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { WriteTxnMarkers } from "../../protocol/index.ts";
import type { TransactionCoordinator } from "../transactions/transaction-coordinator.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof WriteTxnMarkers.request.decode>;
type MarkerRequest = Request["markers"][number];

/**
 * Versions 1 and 2, for `kafka-transactions abort` and its like; this broker writes its own markers
 * without asking itself.
 */
export const writeTxnMarkers = handler(
  WriteTxnMarkers,
  (request, context, { transactions }) => {
    const mayAlter = context.isAllowed("ALTER", "CLUSTER", "kafka-cluster");
    if (!mayAlter && !context.isAllowed("CLUSTER_ACTION", "CLUSTER", "kafka-cluster")) {
      const message = "this user may not end the transactions of others";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    return answer(request, (marker, topic, partition) =>
      write(marker, topic, partition, transactions),
    );
  },
  undefined,
  (errorCode, request) => answer(request, () => errorCode),
);

function answer(
  { markers }: Request,
  errorOf: (marker: MarkerRequest, topic: string, partition: number) => number,
) {
  return {
    markers: markers.map((marker) => ({
      producerId: marker.producerId,
      topics: marker.topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({
          partitionIndex,
          errorCode: errorOf(marker, name, partitionIndex),
        })),
      })),
    })),
  };
}

function write(
  {
    producerId,
    producerEpoch,
    coordinatorEpoch,
    transactionResult,
    transactionVersion,
  }: MarkerRequest,
  topic: string,
  partition: number,
  transactions: TransactionCoordinator,
): number {
  const code: BrokerErrorCode | undefined = transactions.writeMarker(
    { topic, partition },
    {
      outcome: transactionResult ? "commit" : "abort",
      producerId,
      producerEpoch,
      coordinatorEpoch,
      transactionVersion,
    },
  );
  return code === undefined ? 0 : brokerErrorNumber(code);
}
