import { api } from "../api.ts";
import { int16, int32, int64, string } from "../wire-type.ts";

/**
 * A producer tells the transaction's coordinator that it is going to commit a group's offsets in it
 * (KIP-98).
 */
export const AddOffsetsToTxn = api({
  key: 25,
  name: "AddOffsetsToTxn",
  versions: [0, 4],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
  },
});
