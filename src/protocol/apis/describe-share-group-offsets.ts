import { api } from "../api.ts";
import { defaulted, since, struct } from "../schema.ts";
import {
  array,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";

const partition = struct({
  partitionIndex: int32,
  startOffset: int64,
  leaderEpoch: int32,
  lag: since(1, int64, -1, "ignorable"),
  errorCode: int16,
  errorMessage: defaulted(nullableString, null),
});

/**
 * Shows from where share groups go on in each partition (KIP-932), and how far behind they are
 * (KIP-1226).
 */
export const DescribeShareGroupOffsets = api({
  key: 90,
  name: "DescribeShareGroupOffsets",
  versions: [0, 1],
  flexible: 0,
  request: {
    groups: array(
      struct({
        groupId: string,
        topics: nullableArray(struct({ topicName: string, partitions: array(int32) })),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    groups: array(
      struct({
        groupId: string,
        topics: array(
          struct({
            topicName: string,
            topicId: uuid,
            partitions: array(partition),
          }),
        ),
        errorCode: int16,
        errorMessage: defaulted(nullableString, null),
      }),
    ),
  },
});
