import { brokerErrorNumber } from "../../broker-error-code.ts";
import { SaslAuthenticate } from "../../protocol/index.ts";
import { handler } from "./handler.ts";

/** Versions 0 to 2, on a listener without SASL; on others the connection's `SaslAuthentication` answers. */
export const saslAuthenticate = handler(SaslAuthenticate, () => ({
  errorCode: brokerErrorNumber("ILLEGAL_SASL_STATE"),
  errorMessage: "SaslAuthenticate request received after successful authentication",
  authBytes: Buffer.alloc(0),
}));
