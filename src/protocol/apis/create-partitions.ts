import { api } from "../api.ts";
import { defaulted, struct } from "../schema.ts";
import {
  array,
  boolean,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
} from "../wire-type.ts";

/** Raises the number of partitions of topics (KIP-195). */
export const CreatePartitions = api({
  key: 37,
  name: "CreatePartitions",
  versions: [0, 3],
  flexible: 2,
  request: {
    topics: array(
      struct({
        name: string,
        count: int32,
        assignments: nullableArray(struct({ brokerIds: array(int32) })),
      }),
    ),
    timeoutMs: int32,
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32,
    results: array(
      struct({
        name: string,
        errorCode: int16,
        errorMessage: defaulted(nullableString, null),
      }),
    ),
  },
});
