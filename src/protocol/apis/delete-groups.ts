import { api } from "../api.ts";
import { struct } from "../schema.ts";
import { array, int16, int32, string } from "../wire-type.ts";

/** Deletes groups that have no members, with their offsets (KIP-229). */
export const DeleteGroups = api({
  key: 42,
  name: "DeleteGroups",
  versions: [0, 2],
  flexible: 2,
  request: {
    groupsNames: array(string),
  },
  response: {
    throttleTimeMs: int32,
    results: array(struct({ groupId: string, errorCode: int16 })),
  },
});
