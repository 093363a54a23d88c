import type { AclBinding } from "../metadata/cluster-image.ts";
import {
  aclOperations,
  aclResourceTypes,
  allOperations,
  everyone,
  patternTypes,
  permissionTypes,
  wildcard,
} from "./acl-codes.ts";
import type { Access, AclOperation, Authorizer } from "./authorizer.ts";

/** How an authorizer is set up. */
export interface AclAuthorizerOptions {
  /** Principals as "User:admin" that may do everything (`super.users`). */
  readonly superUsers: ReadonlySet<string>;
  /** Whether a resource without any entry is open to all (`allow.everyone.if.no.acl.found`). */
  readonly allowsIfNoAcl: boolean;
}

/** Reading, writing, deleting and altering take being allowed to describe with them. */
const implyingDescribe = new Set<number>([
  aclOperations.DESCRIBE,
  aclOperations.READ,
  aclOperations.WRITE,
  aclOperations.DELETE,
  aclOperations.ALTER,
]);
const implyingDescribeConfigs = new Set<number>([
  aclOperations.DESCRIBE_CONFIGS,
  aclOperations.ALTER_CONFIGS,
]);

/**
 * Says who may do what by the access control list (`StandardAuthorizer`): an entry that denies prevails
 * over all that allow, and without an entry nobody is allowed but super users.
 */
export class AclAuthorizer implements Authorizer {
  readonly #options: AclAuthorizerOptions;
  #byType = new Map<number, ResourceAcls>();

  constructor(options: AclAuthorizerOptions, acls: readonly AclBinding[] = []) {
    this.#options = options;
    this.replace(acls);
  }

  /** Goes by another list from now on. */
  replace(acls: readonly AclBinding[]): void {
    const byType = new Map<number, ResourceAcls>();
    for (const acl of acls) {
      const ofType = byType.get(acl.resourceType) ?? new ResourceAcls();
      byType.set(acl.resourceType, ofType);
      ofType.add(acl);
    }
    this.#byType = byType;
  }

  isAllowed({ principal, host, operation, resourceType, resourceName }: Access): boolean {
    const who = `${principal.type}:${principal.name}`;
    const { superUsers, allowsIfNoAcl } = this.#options;
    if (superUsers.has(who)) return true;
    let hasAcls = false;
    let isAllowed = false;
    const acls = this.#byType.get(aclResourceTypes[resourceType]);
    for (const acl of acls?.of(resourceName) ?? []) {
      hasAcls = true;
      if (!isAbout(acl, who, host)) continue;
      const isDenial = acl.permissionType === permissionTypes.deny;
      if (isDenial && covers(acl, operation)) return false;
      if (!isDenial && allows(acl, operation)) isAllowed = true;
    }
    return isAllowed || (!hasAcls && allowsIfNoAcl);
  }

  isAllowedOnAny(access: Omit<Access, "resourceName">): boolean {
    const { principal, host, operation, resourceType } = access;
    // Lets super users in, and everyone where nothing is said of a resource of whatever name.
    if (this.isAllowed({ ...access, resourceName: "hardcode" })) return true;
    const who = `${principal.type}:${principal.name}`;
    const rules = new NameRules();
    for (const acl of this.#byType.get(aclResourceTypes[resourceType])?.all() ?? []) {
      if (isAbout(acl, who, host) && covers(acl, operation)) rules.add(acl);
    }
    return rules.allowsAny();
  }
}

function isAbout({ principal, host }: AclBinding, who: string, from: string): boolean {
  return (principal === who || principal === everyone) && (host === wildcard || host === from);
}

/** Whether the entry names the operation. */
function covers(acl: AclBinding, operation: AclOperation): boolean {
  return acl.operation === allOperations || acl.operation === aclOperations[operation];
}

/** Whether an entry that allows its operation allows this one with it. */
function allows(acl: AclBinding, operation: AclOperation): boolean {
  if (operation === "DESCRIBE" && implyingDescribe.has(acl.operation)) return true;
  if (operation === "DESCRIBE_CONFIGS" && implyingDescribeConfigs.has(acl.operation)) return true;
  return covers(acl, operation);
}

/** The entries about resources of one type, by name. */
class ResourceAcls {
  readonly #literal = new Map<string, AclBinding[]>();
  readonly #prefixed = new Map<string, AclBinding[]>();
  /** The lengths that prefixes have. */
  readonly #lengths = new Set<number>();

  add(acl: AclBinding): void {
    const isPrefixed = acl.patternType === patternTypes.prefixed;
    const names = isPrefixed ? this.#prefixed : this.#literal;
    if (isPrefixed) this.#lengths.add(acl.resourceName.length);
    const ofName = names.get(acl.resourceName);
    if (ofName === undefined) names.set(acl.resourceName, [acl]);
    else ofName.push(acl);
  }

  /** Those that apply to a resource. */
  *of(name: string): Generator<AclBinding> {
    yield* this.#literal.get(name) ?? [];
    if (name !== wildcard) yield* this.#literal.get(wildcard) ?? [];
    for (const length of this.#lengths) {
      if (length <= name.length) yield* this.#prefixed.get(name.slice(0, length)) ?? [];
    }
  }

  *all(): Generator<AclBinding> {
    for (const acls of this.#literal.values()) yield* acls;
    for (const acls of this.#prefixed.values()) yield* acls;
  }
}

/** What is allowed and denied to someone by name, to find a name that is allowed and not denied (KIP-679). */
class NameRules {
  readonly #allowed: AclBinding[] = [];
  readonly #deniedNames = new Set<string>();
  readonly #deniedPrefixes = new Set<string>();

  add(acl: AclBinding): void {
    if (acl.permissionType === permissionTypes.allow) this.#allowed.push(acl);
    else if (acl.patternType === patternTypes.prefixed) this.#deniedPrefixes.add(acl.resourceName);
    else this.#deniedNames.add(acl.resourceName);
  }

  allowsAny(): boolean {
    return !this.#deniedNames.has(wildcard) && this.#allowed.some((acl) => !this.#isDenied(acl));
  }

  #isDenied({ patternType, resourceName }: AclBinding): boolean {
    if (patternType === patternTypes.literal) {
      if (resourceName === wildcard) return false;
      if (this.#deniedNames.has(resourceName)) return true;
    }
    for (let length = 1; length <= resourceName.length; length += 1) {
      if (this.#deniedPrefixes.has(resourceName.slice(0, length))) return true;
    }
    return false;
  }
}
