import { api } from "../api.ts";
import { since } from "../schema.ts";
import { bytes, int16, int64, nullableString } from "../wire-type.ts";

/** Carries one step of a SASL exchange (KIP-152), and says how long the session lasts (KIP-368). */
export const SaslAuthenticate = api({
  key: 36,
  name: "SaslAuthenticate",
  versions: [0, 2],
  flexible: 2,
  request: {
    authBytes: bytes,
  },
  response: {
    errorCode: int16,
    errorMessage: nullableString,
    authBytes: bytes,
    sessionLifetimeMs: since(1, int64, 0, "ignorable"),
  },
});
