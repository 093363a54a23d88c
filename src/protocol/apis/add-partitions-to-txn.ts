import { api } from "../api.ts";
import { between, defaulted, since, struct } from "../schema.ts";
import { array, boolean, int16, int32, int64, string } from "../wire-type.ts";

const topic = struct({ name: string, partitions: array(int32) });

const partitionResult = struct({ partitionIndex: int32, partitionErrorCode: int16 });

const topicResult = struct({
  name: string,
  resultsByPartition: array(partitionResult),
});

/**
 * A producer adds partitions to its transaction before it writes to them (KIP-98). Versions from 4
 * on are for brokers, which verify the transactions of several producers at once (KIP-890).
 */
export const AddPartitionsToTxn = api({
  key: 24,
  name: "AddPartitionsToTxn",
  versions: [0, 5],
  flexible: 3,
  request: {
    transactions: since(
      4,
      array(
        struct({
          transactionalId: string,
          producerId: int64,
          producerEpoch: int16,
          verifyOnly: defaulted(boolean, false),
          topics: array(topic),
        }),
      ),
      [],
    ),
    v3AndBelowTransactionalId: between(0, 3, string, ""),
    v3AndBelowProducerId: between(0, 3, int64, 0),
    v3AndBelowProducerEpoch: between(0, 3, int16, 0),
    v3AndBelowTopics: between(0, 3, array(topic), []),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(4, int16, 0, "ignorable"),
    resultsByTransaction: since(
      4,
      array(
        struct({
          transactionalId: string,
          topicResults: array(topicResult),
        }),
      ),
      [],
    ),
    resultsByTopicV3AndBelow: between(0, 3, array(topicResult), []),
  },
});
