import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DescribeTransactions } from "../../protocol/index.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

/** Version 0. */
export const describeTransactions = handler(DescribeTransactions, (request, context, services) => ({
  throttleTimeMs: 0,
  transactionStates: request.transactionalIds.map((id) => describe(id, context, services)),
}));

function describe(
  transactionalId: string,
  context: RequestContext,
  { transactions }: BrokerServices,
) {
  if (!context.isAllowed("DESCRIBE", "TRANSACTIONAL_ID", transactionalId)) {
    const errorCode = brokerErrorNumber("TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
    return { ...unknown, transactionalId, errorCode };
  }
  try {
    const transaction = transactions.describe(transactionalId);
    const { producerId, producerEpoch, state, timeoutMs, startedAt, partitions } = transaction;
    const visible = [...partitions].filter(([topic]) =>
      context.isAllowed("DESCRIBE", "TOPIC", topic),
    );
    return {
      errorCode: 0,
      transactionalId,
      transactionState: state,
      transactionTimeoutMs: timeoutMs,
      transactionStartTimeMs: startedAt,
      producerId,
      producerEpoch,
      topics: visible.map(([topic, indexes]) => ({ topic, partitions: [...indexes] })),
    };
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return { ...unknown, transactionalId, errorCode: brokerErrorNumber(error.code) };
  }
}

const unknown = {
  transactionState: "",
  transactionTimeoutMs: 0,
  transactionStartTimeMs: 0,
  producerId: 0,
  producerEpoch: 0,
  topics: [],
};
