import { api } from "../api.ts";
import { zeroUuid } from "../bytes.ts";
import { between, defaulted, since, struct, tagged } from "../schema.ts";
import {
  array,
  int16,
  int32,
  int64,
  nullableBytes,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";

const recordError = struct({
  batchIndex: int32,
  batchIndexErrorMessage: defaulted(nullableString, null),
});

const leaderIdAndEpoch = struct({
  leaderId: defaulted(int32, -1),
  leaderEpoch: defaulted(int32, -1),
});

const partitionResponse = struct({
  index: int32,
  errorCode: int16,
  baseOffset: int64,
  logAppendTimeMs: defaulted(int64, -1),
  logStartOffset: since(5, int64, -1, "ignorable"),
  recordErrors: since(8, array(recordError), [], "ignorable"),
  errorMessage: since(8, nullableString, null, "ignorable"),
  currentLeader: tagged(0, 10, leaderIdAndEpoch, { leaderId: -1, leaderEpoch: -1 }),
});

const nodeEndpoint = struct({
  nodeId: int32,
  host: string,
  port: int32,
  rack: defaulted(nullableString, null),
});

/**
 * Appends record batches to partitions that the broker leads. Topics go by id from version 13 on
 * (KIP-516), and from version 12 on partitions join the transaction by being written to (KIP-890).
 */
export const Produce = api({
  key: 0,
  name: "Produce",
  versions: [3, 13],
  flexible: 9,
  request: {
    transactionalId: defaulted(nullableString, null),
    acks: int16,
    timeoutMs: int32,
    topicData: array(
      struct({
        name: between(3, 12, string, "", "ignorable"),
        topicId: since(13, uuid, zeroUuid, "ignorable"),
        partitionData: array(struct({ index: int32, records: nullableBytes })),
      }),
    ),
  },
  response: {
    responses: array(
      struct({
        name: between(3, 12, string, "", "ignorable"),
        topicId: since(13, uuid, zeroUuid, "ignorable"),
        partitionResponses: array(partitionResponse),
      }),
    ),
    throttleTimeMs: defaulted(int32, 0),
    nodeEndpoints: tagged(0, 10, array(nodeEndpoint), []),
  },
});
