/** Who asks. */
export interface Principal {
  /** Mostly "User". */
  readonly type: string;
  readonly name: string;
}

/** `AclOperation`'s names, as DESCRIBE or ALTER_CONFIGS. */
export type AclOperation =
  | "READ"
  | "WRITE"
  | "CREATE"
  | "DELETE"
  | "ALTER"
  | "DESCRIBE"
  | "CLUSTER_ACTION"
  | "DESCRIBE_CONFIGS"
  | "ALTER_CONFIGS"
  | "IDEMPOTENT_WRITE"
  | "CREATE_TOKENS"
  | "DESCRIBE_TOKENS"
  | "TWO_PHASE_COMMIT";

/** `ResourceType`'s names. */
export type AclResourceType =
  | "TOPIC"
  | "GROUP"
  | "CLUSTER"
  | "TRANSACTIONAL_ID"
  | "DELEGATION_TOKEN"
  | "USER";

/** What is asked for; the name of the cluster resource is "kafka-cluster". */
export interface Access {
  readonly principal: Principal;
  /** The client's address. */
  readonly host: string;
  readonly operation: AclOperation;
  readonly resourceType: AclResourceType;
  readonly resourceName: string;
}

/** Says who may do what (`StandardAuthorizer`). */
export interface Authorizer {
  isAllowed(access: Access): boolean;
  /** Whether the principal may do it on at least one resource of the type (KIP-679). */
  isAllowedOnAny(access: Omit<Access, "resourceName">): boolean;
}

/** Lets everyone do everything: what a broker without an authorizer does. */
export const openAuthorizer: Authorizer = {
  isAllowed: () => true,
  isAllowedOnAny: () => true,
};
