/** A topic as the cluster's metadata has it. */
export interface TopicImage {
  readonly name: string;
  /** As our protocol layer shows UUIDs. */
  readonly id: string;
  /** By partition number. */
  readonly partitions: readonly PartitionImage[];
}

/** A partition: on one node there is one replica, and it leads. */
export interface PartitionImage {
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  /** The `directory.id` where the replica lies. */
  readonly directoryId: string;
}

/** What a config belongs to; numbers are `ConfigResource.Type`'s ids. */
export interface ConfigResource {
  /** 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group. */
  readonly type: number;
  /** "" is the default of all brokers. */
  readonly name: string;
}

/** A user's SCRAM credential, as UserScramCredentialRecord has it. */
export interface ScramCredential {
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  readonly iterations: number;
}

/** SASL/SCRAM mechanisms by their ids on the wire. */
export type ScramMechanism = "SCRAM-SHA-256" | "SCRAM-SHA-512";

/** One entry of the access control list, as AccessControlEntryRecord has it; numbers as on the wire. */
export interface AclBinding {
  readonly id: string;
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

/** One limit of a user, client id or address, or of several of these together, as ClientQuotaRecord has it. */
export interface QuotaBinding {
  /** A name of null stands for the default of its type. */
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[];
  readonly key: string;
  readonly value: number;
}

/** The state of the cluster's metadata: what replaying its log up to some offset gives. Read-only for all but the controller. */
export interface ClusterImage {
  readonly topics: ReadonlyMap<string, TopicImage>;
  readonly topicsById: ReadonlyMap<string, TopicImage>;
  /** The settings given for a resource; undefined where there are none. */
  configs(resource: ConfigResource): ReadonlyMap<string, string> | undefined;
  scramCredential(user: string, mechanism: ScramMechanism): ScramCredential | undefined;
  /** The users that have SCRAM credentials. */
  scramUsers(): ReadonlyMap<string, ReadonlyMap<ScramMechanism, ScramCredential>>;
  readonly acls: readonly AclBinding[];
  /** What an Apache Kafka before this broker was told to limit; it is kept, and limits nobody here. */
  readonly quotas: readonly QuotaBinding[];
  /** Finalized feature levels, such as `transaction.version`. */
  readonly features: ReadonlyMap<string, number>;
}
