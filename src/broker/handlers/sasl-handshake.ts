import { brokerErrorNumber } from "../../broker-error-code.ts";
import { SaslHandshake } from "../../protocol/index.ts";
import { handler } from "./handler.ts";

/** Versions 0 and 1, on a listener without SASL; on others the connection's `SaslAuthentication` answers. */
export const saslHandshake = handler(SaslHandshake, () => ({
  errorCode: brokerErrorNumber("ILLEGAL_SASL_STATE"),
  mechanisms: [],
}));
