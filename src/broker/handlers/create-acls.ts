import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { CreateAcls } from "../../protocol/index.ts";
import { aclKey, checkNewAcl, type NewAcl } from "../security/acl-filter.ts";
import { hasAuthorizer } from "../security/broker-security.ts";
import { handler } from "./handler.ts";

/**
 * Versions 1 to 3. Kafka ends the connection upon an entry with a number 0; here that entry alone is
 * INVALID_REQUEST.
 */
export const createAcls = handler(
  CreateAcls,
  (request, context, { controller }) => {
    if (!context.isAllowed("ALTER", "CLUSTER", "kafka-cluster")) {
      const message = "this user may not change the access control list";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    if (!hasAuthorizer(controller)) {
      throw new BrokerError("SECURITY_DISABLED", "No Authorizer is configured.");
    }
    const known = new Set(controller.image.acls.map(aclKey));
    const added: NewAcl[] = [];
    const results = request.creations.map(({ resourcePatternType: patternType, ...rest }) => {
      const acl: NewAcl = { ...rest, patternType };
      const error = errorOf(acl);
      if (error !== undefined) {
        return { errorCode: brokerErrorNumber(error.code), errorMessage: error.message };
      }
      // What is there already is there afterwards, too.
      const key = aclKey(acl);
      if (!known.has(key)) added.push(acl);
      known.add(key);
      return success;
    });
    controller.createAcls(added);
    return { throttleTimeMs: 0, results };
  },
  undefined,
  (errorCode, { creations }) => ({
    throttleTimeMs: 0,
    results: creations.map(() => ({ errorCode, errorMessage: null })),
  }),
);

const success = { errorCode: 0, errorMessage: null };

function errorOf(acl: NewAcl): BrokerError | undefined {
  try {
    checkNewAcl(acl);
    return undefined;
  } catch (error) {
    if (error instanceof BrokerError) return error;
    throw error;
  }
}
