import { BrokerError } from "../../errors.ts";
import { InitProducerId } from "../../protocol/index.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { ProducerIdentity } from "../transactions/transaction-step.ts";
import { answeringFenced } from "./fenced-producer.ts";
import { handler } from "./handler.ts";

type Request = ReturnType<typeof InitProducerId.request.decode>;

const none = -1;
/** From this version on producers know PRODUCER_FENCED. */
const fencedFrom = 4;

/** Versions 0 to 5; 6 is not stable in Kafka either (KIP-939). */
export const initProducerId = handler(
  InitProducerId,
  (request, context, { transactions }) => {
    checkAllowed(request, context);
    const { transactionalId, transactionTimeoutMs } = request;
    const expected = expectedOf(request);
    const producer = answeringFenced(context.apiVersion < fencedFrom, () =>
      transactions.initProducer({ transactionalId, timeoutMs: transactionTimeoutMs, expected }),
    );
    const { producerId, producerEpoch } = producer;
    return { throttleTimeMs: 0, errorCode: 0, producerId, producerEpoch };
  },
  undefined,
  (errorCode) => ({ throttleTimeMs: 0, errorCode, producerId: none, producerEpoch: none }),
);

function checkAllowed({ transactionalId }: Request, context: RequestContext): void {
  if (transactionalId !== null) {
    if (context.isAllowed("WRITE", "TRANSACTIONAL_ID", transactionalId)) return;
    const message = `the transactional id ${transactionalId} is not allowed to this user`;
    throw new BrokerError("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", message);
  }
  if (context.isAllowed("IDEMPOTENT_WRITE", "CLUSTER", "kafka-cluster")) return;
  if (context.isAllowedOnAny("WRITE", "TOPIC")) return;
  const message = "this user may not write to any topic";
  throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
}

function expectedOf({ producerId, producerEpoch }: Request): ProducerIdentity | undefined {
  if (producerId === none && producerEpoch === none) return undefined;
  if (producerId !== none && producerEpoch !== none) return { producerId, producerEpoch };
  throw new BrokerError("INVALID_REQUEST", "producer id and epoch must be given together");
}
