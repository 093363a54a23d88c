import { api } from "../api.ts";
import { zeroUuid } from "../bytes.ts";
import { between, defaulted, since, struct } from "../schema.ts";
import {
  array,
  int16,
  int32,
  nullableString,
  nullableStringSince,
  string,
  uuid,
} from "../wire-type.ts";

/** Deletes topics by name (KIP-4) or, from version 6 on, by id (KIP-516). */
export const DeleteTopics = api({
  key: 20,
  name: "DeleteTopics",
  versions: [1, 6],
  flexible: 4,
  request: {
    topics: since(6, array(struct({ name: defaulted(nullableString, null), topicId: uuid })), []),
    topicNames: between(1, 5, array(string), [], "ignorable"),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    responses: array(
      struct({
        name: nullableStringSince(6),
        topicId: since(6, uuid, zeroUuid, "ignorable"),
        errorCode: int16,
        errorMessage: since(5, nullableString, null, "ignorable"),
      }),
    ),
  },
});
