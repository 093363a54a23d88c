import { api } from "../api.ts";
import { since, struct } from "../schema.ts";
import { array, int16, int32, int64, nullableString, string } from "../wire-type.ts";

/**
 * Lists the transactions that a broker coordinates, by state and producer (KIP-664), by how long
 * they have been open (KIP-994) and by a pattern of their ids (KIP-1152).
 */
export const ListTransactions = api({
  key: 66,
  name: "ListTransactions",
  versions: [0, 2],
  flexible: 0,
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: since(1, int64, -1),
    transactionalIdPattern: since(2, nullableString, null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array(
      struct({
        transactionalId: string,
        producerId: int64,
        transactionState: string,
      }),
    ),
  },
});
