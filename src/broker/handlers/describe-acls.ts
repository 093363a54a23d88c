import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DescribeAcls } from "../../protocol/index.ts";
import type { AclBinding } from "../metadata/cluster-image.ts";
import { checkFilter, matchesFilter } from "../security/acl-filter.ts";
import { hasAuthorizer } from "../security/broker-security.ts";
import { handler } from "./handler.ts";

/**
 * Versions 1 to 3. Kafka ends the connection upon a filter with a number 0 and finds nothing by other
 * unknown ones; here both are INVALID_REQUEST.
 */
export const describeAcls = handler(
  DescribeAcls,
  (request, context, { controller }) => {
    if (!context.isAllowed("DESCRIBE", "CLUSTER", "kafka-cluster")) {
      const message = "this user may not see the access control list";
      throw new BrokerError("CLUSTER_AUTHORIZATION_FAILED", message);
    }
    if (!hasAuthorizer(controller)) {
      const errorMessage = "No Authorizer is configured on the broker";
      const errorCode = brokerErrorNumber("SECURITY_DISABLED");
      return { throttleTimeMs: 0, errorCode, errorMessage, resources: [] };
    }
    checkFilter(request);
    const found = controller.image.acls.filter((acl) => matchesFilter(acl, request));
    return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, resources: byResource(found) };
  },
  undefined,
  (errorCode) => ({ throttleTimeMs: 0, errorCode, errorMessage: null, resources: [] }),
);

function byResource(acls: readonly AclBinding[]) {
  const groups = Map.groupBy(acls, ({ resourceType, patternType, resourceName }) =>
    JSON.stringify([resourceType, patternType, resourceName]),
  );
  return [...groups.values()].map((group) => {
    const { resourceType, resourceName, patternType } = group[0] as AclBinding;
    const entries = group.map(({ principal, host, operation, permissionType }) => ({
      principal,
      host,
      operation,
      permissionType,
    }));
    return { resourceType, resourceName, patternType, acls: entries };
  });
}
