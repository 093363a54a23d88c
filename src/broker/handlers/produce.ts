import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import {
  batchAttributes,
  batchLayout,
  batchMagic,
  Produce,
  type RequestOf,
  readInt64,
} from "../../protocol/index.ts";
import { RefusedRecords } from "../log/record-validation.ts";
import { isInternalTopic } from "../metadata/topic-name.ts";
import type { Partition } from "../partition.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";
import { handler } from "./handler.ts";

type ProduceRequest = RequestOf<typeof Produce>;
type ProduceTopic = ProduceRequest["topicData"][number];

interface PartitionAnswer {
  readonly index: number;
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly logAppendTimeMs?: number;
  readonly logStartOffset?: number;
  readonly recordErrors?: readonly { batchIndex: number; batchIndexErrorMessage: string | null }[];
  readonly errorMessage?: string;
}

const firstVersionWithTopicIds = 13;
/** KIP-890: from here on partitions join the transaction by being written to. */
const firstVersionThatAdds = 12;
/** From here on clients know TRANSACTION_ABORTABLE. */
const firstVersionWithAbortable = 11;
const firstVersionWithZstd = 7;
const zstdNumber = 4;
/** Kafka's own admin client may write to the topics that brokers keep their state in. */
const adminClientId = "__admin_client";

/**
 * Produce 3 to 13, told of from version 0 on: librdkafka judges by the range what else the broker can
 * do (KAFKA-18659). One append per partition, synchronous, so the answer is there at once.
 * Departs from Kafka: a write into a transaction that is just ending is refused with
 * CONCURRENT_TRANSACTIONS without a wait, as an end takes no time here; null in place of records is
 * INVALID_RECORD for its partition.
 */
export const produce = handler(
  Produce,
  (request, context, services) => {
    const refusal = refusalOf(request, context);
    const responses = request.topicData.map((topic) =>
      refusal === undefined
        ? answerTopic(topic, request, context, services)
        : { ...namesOf(topic), partitionResponses: refusedPartitions(topic, refusal) },
    );
    if (request.acks !== 0) return { responses };
    const failed = responses
      .flatMap(({ partitionResponses }) => partitionResponses)
      .find(({ errorCode }) => errorCode !== 0);
    if (failed) context.giveUp(`Produce with acks 0 met with error ${failed.errorCode}`);
    return undefined;
  },
  [0, Produce.newestStable],
  (errorCode, request) => ({
    responses: request.topicData.map((topic) => ({
      ...namesOf(topic as ProduceTopic),
      partitionResponses: topic.partitionData.map(({ index }) => refused(index, errorCode)),
    })),
  }),
);

/** Why the request as a whole is refused, if it is. */
function refusalOf(
  { transactionalId, topicData }: ProduceRequest,
  context: RequestContext,
): BrokerErrorCode | undefined {
  let producer: string | undefined;
  for (const { partitionData } of topicData) {
    for (const { records } of partitionData) {
      if (records === null || !isTransactional(records)) continue;
      const next = `${readInt64(records as Buffer, batchLayout.producerId)}`;
      if (producer !== undefined && producer !== next) return "INVALID_PRODUCER_ID_MAPPING";
      if (producer === undefined && !mayWrite(transactionalId ?? null, context)) {
        return "TRANSACTIONAL_ID_AUTHORIZATION_FAILED";
      }
      producer = next;
    }
  }
  return undefined;
}

function mayWrite(transactionalId: string | null, context: RequestContext): boolean {
  if (transactionalId === null) return false;
  return context.isAllowed("WRITE", "TRANSACTIONAL_ID", transactionalId);
}

function answerTopic(
  topic: ProduceTopic,
  request: ProduceRequest,
  context: RequestContext,
  services: BrokerServices,
) {
  const { image } = services.controller;
  const usesId = context.apiVersion >= firstVersionWithTopicIds;
  const name = usesId ? image.topicsById.get(topic.topicId ?? "")?.name : topic.name;
  const refusal =
    name === undefined
      ? "UNKNOWN_TOPIC_ID"
      : context.isAllowed("WRITE", "TOPIC", name)
        ? undefined
        : "TOPIC_AUTHORIZATION_FAILED";
  const partitionResponses =
    name === undefined || refusal !== undefined
      ? refusedPartitions(topic, refusal ?? "UNKNOWN_TOPIC_ID")
      : topic.partitionData.map(({ index, records }) =>
          answerPartition(name, index, records as Buffer | null, request, context, services),
        );
  return { ...namesOf(topic), partitionResponses };
}

function answerPartition(
  topic: string,
  index: number,
  records: Buffer | null,
  { acks, transactionalId }: ProduceRequest,
  context: RequestContext,
  services: BrokerServices,
): PartitionAnswer {
  const { apiVersion } = context;
  const isKnown = services.controller.image.topics.get(topic)?.partitions[index] !== undefined;
  if (!isKnown) return refused(index, brokerErrorNumber("UNKNOWN_TOPIC_OR_PARTITION"));
  if (records === null) return refused(index, brokerErrorNumber("INVALID_RECORD"));
  if (apiVersion < firstVersionWithZstd && isZstd(records)) {
    return refused(index, brokerErrorNumber("UNSUPPORTED_COMPRESSION_TYPE"));
  }
  if (acks < -1 || acks > 1) return refused(index, brokerErrorNumber("INVALID_REQUIRED_ACKS"));
  if (isInternalTopic(topic) && context.clientId !== adminClientId) {
    return refused(index, brokerErrorNumber("INVALID_TOPIC_EXCEPTION"));
  }
  let partition: Partition | undefined;
  try {
    partition = services.partitions.getOrThrow(topic, index);
    if (transactionalId && isTransactional(records)) {
      const denied = deniedWrite(partition, transactionalId, records, apiVersion, services);
      if (denied) return denied;
    }
    const transactionVersion = apiVersion >= firstVersionThatAdds ? 2 : 0;
    const result = partition.append(records, "client", transactionVersion);
    return {
      index,
      errorCode: 0,
      baseOffset: result.baseOffset,
      logAppendTimeMs: result.logAppendTimeMs,
      logStartOffset: result.logStartOffset,
    };
  } catch (error) {
    return failed(index, partition, error, services);
  }
}

/** Has the coordinator add the partition to the transaction, or make sure that it is in it; the refusal, if any. */
function deniedWrite(
  partition: Partition,
  transactionalId: string,
  records: Buffer,
  apiVersion: number,
  { controller, transactions }: BrokerServices,
): PartitionAnswer | undefined {
  const { topic, index, log } = partition;
  const producerId = readInt64(records, batchLayout.producerId);
  const producerEpoch = records.readInt16BE(batchLayout.producerEpoch);
  if (log.hasOpenTransaction(producerId, producerEpoch)) return undefined;
  const add = apiVersion >= firstVersionThatAdds;
  const isVerified = controller.brokerConfig("transaction.partition.verification.enable");
  if (!add && isVerified === "false") return undefined;
  const code = transactions.admit({
    transactionalId,
    producerId,
    producerEpoch,
    partition: { topic, partition: index },
    add,
  });
  return code === undefined ? undefined : deniedAnswer(index, code, apiVersion);
}

/** The coordinator's refusal in the words that producers understand (`AddPartitionsToTxnManager`, `ReplicaManager`). */
function deniedAnswer(index: number, code: BrokerErrorCode, apiVersion: number): PartitionAnswer {
  const isRetriedByOld =
    code === "COORDINATOR_LOAD_IN_PROGRESS" ||
    code === "COORDINATOR_NOT_AVAILABLE" ||
    code === "NOT_COORDINATOR" ||
    (code === "CONCURRENT_TRANSACTIONS" && apiVersion < firstVersionThatAdds);
  if (isRetriedByOld) {
    const errorMessage = `Unable to verify the partition has been added to the transaction. Underlying error: ${code}`;
    return { ...refused(index, brokerErrorNumber("NOT_ENOUGH_REPLICAS")), errorMessage };
  }
  const isStateError =
    code === "INVALID_TXN_STATE" ||
    (code === "TRANSACTION_ABORTABLE" && apiVersion < firstVersionWithAbortable);
  if (isStateError) {
    const errorMessage = "Partition was not added to the transaction";
    return { ...refused(index, brokerErrorNumber("INVALID_TXN_STATE")), errorMessage };
  }
  const known = code === "PRODUCER_FENCED" ? "INVALID_PRODUCER_EPOCH" : code;
  return refused(index, brokerErrorNumber(known));
}

/** Errors of which the answer does not tell where the log starts. */
const bareErrors = new Set<string>([
  "UNKNOWN_TOPIC_OR_PARTITION",
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "CORRUPT_MESSAGE",
  "KAFKA_STORAGE_ERROR",
]);

function failed(
  index: number,
  partition: Partition | undefined,
  error: unknown,
  { logger }: BrokerServices,
): PartitionAnswer {
  if (!(error instanceof BrokerError)) {
    logger.error({ topic: partition?.topic, partition: index, error }, "an append failed");
    return refused(index, brokerErrorNumber("UNKNOWN_SERVER_ERROR"));
  }
  const answer = refused(index, brokerErrorNumber(error.code));
  if (partition === undefined || bareErrors.has(error.code)) return answer;
  const { logStartOffset } = partition.log;
  if (!(error instanceof RefusedRecords)) return { ...answer, logStartOffset };
  const recordErrors = error.recordErrors.map(({ batchIndex, message }) => ({
    batchIndex,
    batchIndexErrorMessage: message,
  }));
  return { ...answer, logStartOffset, recordErrors, errorMessage: error.message };
}

function refusedPartitions(topic: ProduceTopic, code: BrokerErrorCode): PartitionAnswer[] {
  const errorCode = brokerErrorNumber(code);
  return topic.partitionData.map(({ index }) => refused(index, errorCode));
}

function refused(index: number, errorCode: number): PartitionAnswer {
  return { index, errorCode, baseOffset: -1 };
}

function namesOf({ name, topicId }: ProduceTopic) {
  return { name, topicId };
}

function isTransactional(records: Uint8Array): boolean {
  return hasAttribute(records, batchAttributes.transactional) !== 0;
}

function isZstd(records: Uint8Array): boolean {
  return hasAttribute(records, batchAttributes.compression) === zstdNumber;
}

/** What the first batch says under a mask of its attributes; 0 where there is no batch of a known format. */
function hasAttribute(records: Uint8Array, mask: number): number {
  if (records.length < batchLayout.records || records[batchLayout.magic] !== batchMagic) return 0;
  return (records[batchLayout.attributes + 1] as number) & mask;
}
