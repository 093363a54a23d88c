import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DeleteAcls } from "../../protocol/index.ts";
import type { AclBinding } from "../metadata/cluster-image.ts";
import { type AclFilter, checkFilter, matchesFilter } from "../security/acl-filter.ts";
import { hasAuthorizer } from "../security/broker-security.ts";
import { handler } from "./handler.ts";

/**
 * Versions 1 to 3. Kafka ends the connection upon a filter with a number 0; here that filter alone is
 * INVALID_REQUEST.
 */
export const deleteAcls = handler(
  DeleteAcls,
  (request, context, { controller }) => {
    if (!context.isAllowed("ALTER", "CLUSTER", "kafka-cluster")) {
      const message = "this user may not change the access control list";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    if (!hasAuthorizer(controller)) {
      throw new BrokerError("SECURITY_DISABLED", "No Authorizer is configured.");
    }
    const deleted = new Set<string>();
    const filterResults = request.filters.map((filter) => {
      return answer(filter, controller.image.acls, deleted);
    });
    controller.deleteAcls([...deleted]);
    return { throttleTimeMs: 0, filterResults };
  },
  undefined,
  (errorCode, { filters }) => ({
    throttleTimeMs: 0,
    filterResults: filters.map(() => ({ errorCode, errorMessage: null, matchingAcls: [] })),
  }),
);

function answer(filter: AclFilter, acls: readonly AclBinding[], deleted: Set<string>) {
  try {
    checkFilter(filter);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    const errorCode = brokerErrorNumber(error.code);
    return { errorCode, errorMessage: error.message, matchingAcls: [] };
  }
  const matching = acls.filter((acl) => matchesFilter(acl, filter));
  for (const { id } of matching) deleted.add(id);
  const matchingAcls = matching.map(({ id: _, ...acl }) => ({
    errorCode: 0,
    errorMessage: null,
    ...acl,
  }));
  return { errorCode: 0, errorMessage: null, matchingAcls };
}
