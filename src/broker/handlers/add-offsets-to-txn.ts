import { BrokerError } from "../../errors.ts";
import { AddOffsetsToTxn } from "../../protocol/index.ts";
import { offsetsTopicName } from "../groups/offsets-topic.ts";
import { answeringFenced } from "./fenced-producer.ts";
import { handler } from "./handler.ts";

/** From this version on producers know PRODUCER_FENCED. */
const fencedFrom = 2;

/** Versions 0 to 4: producers that speak KIP-890 have no use for it. */
export const addOffsetsToTxn = handler(
  AddOffsetsToTxn,
  (request, context, { groups, transactions }) => {
    const { transactionalId, groupId, producerId, producerEpoch } = request;
    if (!context.isAllowed("WRITE", "TRANSACTIONAL_ID", transactionalId)) {
      const message = `the transactional id ${transactionalId} is not allowed to this user`;
      throw new BrokerError("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", message);
    }
    if (!context.isAllowed("READ", "GROUP", groupId)) {
      const message = `the group ${groupId} is not allowed to this user`;
      throw new BrokerError("GROUP_AUTHORIZATION_FAILED", message);
    }
    const partition = { topic: offsetsTopicName, partition: groups.partitionFor(groupId) };
    answeringFenced(context.apiVersion < fencedFrom, () =>
      transactions.addPartitions(transactionalId, { producerId, producerEpoch }, [partition], 0),
    );
    return { throttleTimeMs: 0, errorCode: 0 };
  },
  undefined,
  (errorCode) => ({ throttleTimeMs: 0, errorCode }),
);
