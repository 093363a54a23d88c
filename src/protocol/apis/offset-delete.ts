import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, int16, int32, string } from "../wire-type.ts";

/** Deletes a group's offsets for partitions of topics to which it does not subscribe (KIP-496). */
export const OffsetDelete = api({
  key: 47,
  name: "OffsetDelete",
  versions: [0, 0],
  request: {
    groupId: string,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32 })),
      }),
    ),
  },
  response: {
    errorCode: int16,
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
      }),
    ),
  },
});
