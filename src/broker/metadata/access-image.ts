import type { MetadataRecord, MetadataRecordIn } from "../../protocol/index.ts";
import type { AclBinding, QuotaBinding, ScramCredential, ScramMechanism } from "./cluster-image.ts";

type ValueOf<Name extends MetadataRecord["name"]> = Extract<
  MetadataRecord,
  { readonly name: Name }
>["value"];

/** The ids of SCRAM mechanisms on the wire and in records. */
export const scramMechanismIds: Readonly<Record<ScramMechanism, number>> = {
  "SCRAM-SHA-256": 1,
  "SCRAM-SHA-512": 2,
};

/**
 * Who may do what: users with SCRAM credentials and the access control list. Quotas and delegation
 * tokens, which this broker does not act on, are kept as they are, for a Kafka that does.
 */
export class AccessImage {
  readonly scramUsers = new Map<string, Map<ScramMechanism, ScramCredential>>();
  readonly #acls = new Map<string, AclBinding>();
  readonly #quotas = new Map<string, ValueOf<"ClientQuotaRecord">>();
  readonly #tokens = new Map<string, MetadataRecord>();
  #aclList: readonly AclBinding[] | undefined;

  /** All entries of the access control list. */
  get acls(): readonly AclBinding[] {
    this.#aclList ??= [...this.#acls.values()];
    return this.#aclList;
  }

  /** The quotas that an Apache Kafka was told of. */
  get quotas(): readonly QuotaBinding[] {
    return [...this.#quotas.values()];
  }

  hasAcl(id: string): boolean {
    return this.#acls.has(id);
  }

  addAcl(acl: AclBinding): void {
    this.#acls.set(acl.id, acl);
    this.#aclList = undefined;
  }

  removeAcl(id: string): void {
    this.#acls.delete(id);
    this.#aclList = undefined;
  }

  setScram({ name, mechanism: id, ...keys }: ValueOf<"UserScramCredentialRecord">): void {
    const mechanism = mechanismOf(id);
    if (mechanism === undefined) return;
    const ofUser = this.scramUsers.get(name) ?? new Map();
    // Copies, as the record's bytes are slices of what was read from the log.
    ofUser.set(mechanism, {
      salt: Buffer.from(keys.salt),
      storedKey: Buffer.from(keys.storedKey),
      serverKey: Buffer.from(keys.serverKey),
      iterations: keys.iterations,
    });
    this.scramUsers.set(name, ofUser);
  }

  removeScram({ name, mechanism: id }: ValueOf<"RemoveUserScramCredentialRecord">): void {
    const ofUser = this.scramUsers.get(name);
    const mechanism = mechanismOf(id);
    if (mechanism !== undefined) ofUser?.delete(mechanism);
    if (ofUser?.size === 0) this.scramUsers.delete(name);
  }

  setQuota(value: ValueOf<"ClientQuotaRecord">): void {
    const key = JSON.stringify([value.entity, value.key]);
    if (value.remove) this.#quotas.delete(key);
    else this.#quotas.set(key, value);
  }

  setToken(value: ValueOf<"DelegationTokenRecord">): void {
    this.#tokens.set(value.tokenId, { name: "DelegationTokenRecord", value });
  }

  removeToken({ tokenId }: ValueOf<"RemoveDelegationTokenRecord">): void {
    this.#tokens.delete(tokenId);
  }

  /** The records that give this image. */
  *records(): Generator<MetadataRecordIn> {
    for (const value of this.#quotas.values()) yield { name: "ClientQuotaRecord", value };
    for (const acl of this.#acls.values()) yield { name: "AccessControlEntryRecord", value: acl };
    for (const [user, credentials] of this.scramUsers) {
      for (const [mechanism, credential] of credentials) {
        yield scramRecord(user, mechanism, credential);
      }
    }
    yield* this.#tokens.values();
  }
}

/** Makes the record of a user's SCRAM credential. */
export function scramRecord(
  user: string,
  mechanism: ScramMechanism,
  credential: ScramCredential,
): MetadataRecordIn {
  const value = { name: user, mechanism: scramMechanismIds[mechanism], ...credential };
  return { name: "UserScramCredentialRecord", value };
}

function mechanismOf(id: number): ScramMechanism | undefined {
  return id === 1 ? "SCRAM-SHA-256" : id === 2 ? "SCRAM-SHA-512" : undefined;
}
