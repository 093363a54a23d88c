import type { AclOperation, AclResourceType } from "./authorizer.ts";

/** Numbers of `AclOperation` on the wire and in records. 0 stands for unknown, 1 in filters for any, 2 for all. */
export const aclOperations = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const satisfies Record<AclOperation, number>;

/** The number of the operation that stands for all others in an entry. */
export const allOperations = 2;
/** The greatest number of an operation that Kafka 4.3 knows. */
export const greatestOperation = 15;

/** Numbers of `ResourceType` on the wire and in records. 0 stands for unknown, 1 in filters for any. */
export const aclResourceTypes = {
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
} as const satisfies Record<AclResourceType, number>;

/** The greatest number of a resource type that Kafka 4.3 knows. */
export const greatestResourceType = 7;

/** Numbers of `PatternType`: `any` and `match` occur in filters only (KIP-290). */
export const patternTypes = { any: 1, match: 2, literal: 3, prefixed: 4 } as const;

/** Numbers of `AclPermissionType`: `any` occurs in filters only. */
export const permissionTypes = { any: 1, deny: 2, allow: 3 } as const;

/** What stands for anything in a filter's number. */
export const anyCode = 1;
/** What stands for any host in an entry, and as a literal name for any resource. */
export const wildcard = "*";
/** The principal of an entry for everyone. */
export const everyone = "User:*";
/** The one resource of type CLUSTER. */
export const clusterName = "kafka-cluster";
