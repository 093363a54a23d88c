import { api } from "../api.ts";
import { since } from "../schema.ts";
import { boolean, int16, int32, int64, string } from "../wire-type.ts";

/**
 * A producer commits or aborts its transaction (KIP-98). From version 5 on the answer has the
 * producer's next epoch, so that late writes of this transaction are fenced (KIP-890).
 */
export const EndTxn = api({
  key: 26,
  name: "EndTxn",
  versions: [0, 5],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: boolean,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: since(5, int64, -1, "ignorable"),
    producerEpoch: since(5, int16, -1, "ignorable"),
  },
});
