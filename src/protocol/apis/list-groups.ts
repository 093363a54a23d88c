import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, int16, int32, string } from "../wire-type.ts";

/** Lists the groups that a broker coordinates, by state (KIP-518) and by type (KIP-848). */
export const ListGroups = api({
  key: 16,
  name: "ListGroups",
  versions: [0, 5],
  flexible: 3,
  request: {
    statesFilter: since(4, array(string), []),
    typesFilter: since(5, array(string), []),
  },
  response: {
    throttleTimeMs: since(1, int32, 0, "ignorable"),
    errorCode: int16,
    groups: array(
      struct({
        groupId: string,
        protocolType: string,
        groupState: since(4, string, "", "ignorable"),
        groupType: since(5, string, "", "ignorable"),
      }),
    ),
  },
});
