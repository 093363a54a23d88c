import type { RequestContext } from "../server/request-context.ts";
import { aclOperations } from "./acl-codes.ts";
import type { AclOperation, AclResourceType } from "./authorizer.ts";

/** What can be done to resources of a type (`AclEntry.supportedOperations`). */
const operationsOf = {
  TOPIC: [
    "READ",
    "WRITE",
    "CREATE",
    "DESCRIBE",
    "DELETE",
    "ALTER",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
  ],
  GROUP: ["READ", "DESCRIBE", "DELETE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"],
  CLUSTER: [
    "CREATE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
    "IDEMPOTENT_WRITE",
    "ALTER",
    "DESCRIBE",
  ],
} satisfies { readonly [type in AclResourceType]?: readonly AclOperation[] };

/** The operations that the caller may do on a resource, as the bit set that answers carry (KIP-430). */
export function authorizedOperations(
  context: Pick<RequestContext, "isAllowed">,
  resourceType: keyof typeof operationsOf,
  resourceName: string,
): number {
  let bits = 0;
  for (const operation of operationsOf[resourceType]) {
    if (!context.isAllowed(operation, resourceType, resourceName)) continue;
    bits |= 1 << aclOperations[operation];
  }
  return bits;
}
