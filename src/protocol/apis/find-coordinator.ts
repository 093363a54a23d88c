import { api } from "../api.ts";
import { between, since, struct } from "../schema.ts";
import { array, int8, int16, int32, nullableString, string } from "../wire-type.ts";

/**
 * Asks which broker coordinates a group, a transactional id or a share partition: one of them up to
 * version 3, several from version 4 on (KIP-699).
 */
export const FindCoordinator = api({
  key: 10,
  name: "FindCoordinator",
  versions: [0, 6],
  flexible: 3,
  request: {
    key: between(0, 3, string, ""),
    keyType: since(1, int8, 0),
    coordinatorKeys: since(4, array(string), []),
  },
  response: {
    throttleTimeMs: since(1, int32, 0, "ignorable"),
    errorCode: between(0, 3, int16, 0),
    errorMessage: between(1, 3, nullableString, "", "ignorable"),
    nodeId: between(0, 3, int32, 0),
    host: between(0, 3, string, ""),
    port: between(0, 3, int32, 0),
    coordinators: since(
      4,
      array(
        struct({
          key: string,
          nodeId: int32,
          host: string,
          port: int32,
          errorCode: int16,
          errorMessage: nullableString,
        }),
      ),
      [],
    ),
  },
});
