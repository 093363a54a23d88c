import { api } from "../api.ts";
import { array, int16, string } from "../wire-type.ts";

/**
 * A client names the SASL mechanism with which it is going to authenticate (KIP-43). After version
 * 1 the exchange goes through `SaslAuthenticate`; after version 0 it is bare bytes (KIP-152).
 */
export const SaslHandshake = api({
  key: 17,
  name: "SaslHandshake",
  versions: [0, 1],
  request: {
    mechanism: string,
  },
  response: {
    errorCode: int16,
    mechanisms: array(string),
  },
});
