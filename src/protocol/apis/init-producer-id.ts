import { api } from "../api.ts";
import { defaulted, since } from "../schema.ts";
import { boolean, int16, int32, int64, nullableString } from "../wire-type.ts";

/**
 * Gives a producer its id and epoch (KIP-98). With a transactional id it fences the producers that
 * had it before, and with the old id and epoch it recovers from an error (KIP-360). Version 6 is
 * not stable yet (KIP-939).
 */
export const InitProducerId = api({
  key: 22,
  name: "InitProducerId",
  versions: [0, 6],
  newestStable: 5,
  flexible: 2,
  request: {
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: since(3, int64, -1),
    producerEpoch: since(3, int16, -1),
    enable2Pc: since(6, boolean, false),
    keepPreparedTxn: since(6, boolean, false),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: defaulted(int64, -1),
    producerEpoch: int16,
    ongoingTxnProducerId: since(6, int64, -1),
    ongoingTxnProducerEpoch: since(6, int16, -1),
  },
});
