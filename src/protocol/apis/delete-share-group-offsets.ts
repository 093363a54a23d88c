import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import { array, int16, int32, nullableString, string, uuid } from "../wire-type.ts";

/** Deletes a share group's offsets for whole topics (KIP-932). */
export const DeleteShareGroupOffsets = api({
  key: 92,
  name: "DeleteShareGroupOffsets",
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array(struct({ topicName: string })),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: defaulted(nullableString, null),
    responses: array(
      struct({
        topicName: string,
        topicId: uuid,
        errorCode: int16,
        errorMessage: defaulted(nullableString, null),
      }),
    ),
  },
});
