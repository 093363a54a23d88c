import { api } from "../api.ts";
import { zeroUuid } from "../bytes.ts";
import { defaulted, since, struct, tagged } from "../schema.ts";
import {
  array,
  boolean,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";

const responseTopic = struct({
  name: string,
  topicId: since(7, uuid, zeroUuid, "ignorable"),
  errorCode: int16,
  errorMessage: nullableString,
  topicConfigErrorCode: tagged(0, 5, int16, 0, "ignorable"),
  numPartitions: since(5, int32, -1, "ignorable"),
  replicationFactor: since(5, int16, -1, "ignorable"),
  configs: since(
    5,
    nullableArray(
      struct({
        name: string,
        value: nullableString,
        readOnly: boolean,
        configSource: defaulted(int8, -1),
        isSensitive: boolean,
      }),
    ),
    [],
    "ignorable",
  ),
});

/**
 * Creates topics with a number of partitions and replicas or a given assignment, or checks whether
 * it could (KIP-4). Minus one asks for the broker's default (KIP-464), and the answer shows the
 * configuration (KIP-525).
 */
export const CreateTopics = api({
  key: 19,
  name: "CreateTopics",
  versions: [2, 7],
  flexible: 5,
  request: {
    topics: array(
      struct({
        name: string,
        numPartitions: int32,
        replicationFactor: int16,
        assignments: array(struct({ partitionIndex: int32, brokerIds: array(int32) })),
        configs: array(struct({ name: string, value: nullableString })),
      }),
    ),
    timeoutMs: defaulted(int32, 60000),
    validateOnly: defaulted(boolean, false),
  },
  response: {
    throttleTimeMs: int32,
    topics: array(responseTopic),
  },
});
