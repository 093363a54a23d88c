import { BrokerError } from "../../errors.ts";
import { EndTxn } from "../../protocol/index.ts";
import { answeringFenced } from "./fenced-producer.ts";
import { handler } from "./handler.ts";

/** From this version on producers know PRODUCER_FENCED. */
const fencedFrom = 2;
/** From this version on the end bumps the producer's epoch (KIP-890). */
const bumpsFrom = 5;

/** Versions 0 to 5. The answer goes out when all markers are written, unless one could not be. */
export const endTxn = handler(
  EndTxn,
  (request, context, { transactions }) => {
    const { transactionalId, producerId, producerEpoch, committed } = request;
    if (!context.isAllowed("WRITE", "TRANSACTIONAL_ID", transactionalId)) {
      const message = `the transactional id ${transactionalId} is not allowed to this user`;
      throw new BrokerError("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", message);
    }
    const { apiVersion } = context;
    const bumps = apiVersion >= bumpsFrom;
    const producer = answeringFenced(apiVersion < fencedFrom, () =>
      transactions.endTransaction(transactionalId, {
        producerId,
        producerEpoch,
        outcome: committed ? "commit" : "abort",
        version: bumps ? 2 : 0,
      }),
    );
    const answer = { throttleTimeMs: 0, errorCode: 0 };
    if (!bumps) return answer;
    return { ...answer, producerId: producer.producerId, producerEpoch: producer.producerEpoch };
  },
  undefined,
  (errorCode) => ({ throttleTimeMs: 0, errorCode }),
);
