import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import { array, int16, int32, int64, nullableString, string, uuid } from "../wire-type.ts";

/** Moves the point from which a share group without members goes on (KIP-932). */
export const AlterShareGroupOffsets = api({
  key: 91,
  name: "AlterShareGroupOffsets",
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array(
      struct({
        topicName: string,
        partitions: array(struct({ partitionIndex: int32, startOffset: int64 })),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: defaulted(nullableString, null),
    responses: array(
      struct({
        topicName: string,
        topicId: uuid,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            errorMessage: defaulted(nullableString, null),
          }),
        ),
      }),
    ),
  },
});
