import { BrokerError } from "../../errors.ts";
import type { AclBinding } from "../metadata/cluster-image.ts";
import {
  aclResourceTypes,
  anyCode,
  clusterName,
  greatestOperation,
  greatestResourceType,
  patternTypes,
  permissionTypes,
  wildcard,
} from "./acl-codes.ts";

/** Which entries are meant, as requests say it; null and 1 stand for any. */
export interface AclFilter {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

/** An entry that is to be made. */
export type NewAcl = Omit<AclBinding, "id">;

/** Throws INVALID_REQUEST for a filter with numbers that Kafka does not know. */
export function checkFilter(filter: AclFilter): void {
  const isKnown =
    isWithin(filter.resourceTypeFilter, greatestResourceType) &&
    isWithin(filter.patternTypeFilter, patternTypes.prefixed) &&
    isWithin(filter.operation, greatestOperation) &&
    isWithin(filter.permissionType, permissionTypes.allow);
  if (!isKnown) throw invalid("the filter of ACLs has a number that is not known");
}

function isWithin(code: number, greatest: number): boolean {
  return code >= anyCode && code <= greatest;
}

/** Whether an entry is one of those that the filter means (`AclBindingFilter`). */
export function matchesFilter(acl: AclBinding, filter: AclFilter): boolean {
  return (
    fits(filter.resourceTypeFilter, acl.resourceType) &&
    matchesName(acl, filter) &&
    (filter.principalFilter === null || filter.principalFilter === acl.principal) &&
    (filter.hostFilter === null || filter.hostFilter === acl.host) &&
    fits(filter.operation, acl.operation) &&
    fits(filter.permissionType, acl.permissionType)
  );
}

function fits(filter: number, code: number): boolean {
  return filter === anyCode || filter === code;
}

function matchesName(
  { patternType, resourceName }: AclBinding,
  { patternTypeFilter, resourceNameFilter: name }: AclFilter,
): boolean {
  const { any, match, literal } = patternTypes;
  if (patternTypeFilter !== match) {
    const isMeant = patternTypeFilter === any || patternTypeFilter === patternType;
    return isMeant && (name === null || name === resourceName);
  }
  // The entries that would apply to a resource of this name.
  if (name === null) return true;
  if (patternType !== literal) return name.startsWith(resourceName);
  return name === resourceName || resourceName === wildcard;
}

/** Throws INVALID_REQUEST for an entry that cannot be (`AclApis`, `AclControlManager`). */
export function checkNewAcl(acl: NewAcl): void {
  const { resourceType, resourceName, patternType, operation, permissionType, principal } = acl;
  if (resourceType === aclResourceTypes.CLUSTER && resourceName !== clusterName) {
    throw invalid(`the cluster's resource has no other name than ${clusterName}`);
  }
  if (resourceName === "") throw invalid("the resource of an ACL needs a name");
  if (resourceType <= anyCode || resourceType > greatestResourceType) {
    throw invalid(`an ACL cannot be for resources of type ${resourceType}`);
  }
  if (patternType !== patternTypes.literal && patternType !== patternTypes.prefixed) {
    throw invalid(`an ACL cannot have a pattern of type ${patternType}`);
  }
  if (operation <= anyCode || operation > greatestOperation) {
    throw invalid(`an ACL cannot be for operation ${operation}`);
  }
  if (permissionType !== permissionTypes.deny && permissionType !== permissionTypes.allow) {
    throw invalid(`an ACL cannot have a permission of type ${permissionType}`);
  }
  if (!principal.includes(":")) {
    throw invalid(`the principal "${principal}" is not of the form type:name`);
  }
}

/** What two entries have in common that say the same. */
export function aclKey(acl: NewAcl): string {
  const { resourceType, resourceName, patternType, principal, host, operation } = acl;
  const rest = [principal, host, operation, acl.permissionType];
  return JSON.stringify([resourceType, patternType, resourceName, ...rest]);
}

function invalid(message: string): BrokerError {
  return new BrokerError("INVALID_REQUEST", message);
}
