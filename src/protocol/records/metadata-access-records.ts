import { struct } from "../schema.ts";
import {
  array,
  boolean,
  bytes,
  float64,
  int8,
  int32,
  int64,
  nullableString,
  string,
  uuid,
} from "../wire-type.ts";
import { shape } from "./metadata-record-shape.ts";

/** Records about who may do what, and how much of it (kafka-metadata, `common/metadata`). */
export const accessRecords = {
  UserScramCredentialRecord: shape(11, 0, {
    name: string,
    mechanism: int8,
    salt: bytes,
    storedKey: bytes,
    serverKey: bytes,
    iterations: int32,
  }),
  RemoveUserScramCredentialRecord: shape(22, 0, { name: string, mechanism: int8 }),
  AccessControlEntryRecord: shape(18, 0, {
    id: uuid,
    resourceType: int8,
    resourceName: string,
    patternType: int8,
    principal: string,
    host: string,
    operation: int8,
    permissionType: int8,
  }),
  RemoveAccessControlEntryRecord: shape(19, 0, { id: uuid }),
  ClientQuotaRecord: shape(14, 0, {
    entity: array(struct({ entityType: string, entityName: nullableString })),
    key: string,
    value: float64,
    remove: boolean,
  }),
  DelegationTokenRecord: shape(10, 0, {
    owner: string,
    requester: string,
    renewers: array(string),
    issueTimestamp: int64,
    maxTimestamp: int64,
    expirationTimestamp: int64,
    tokenId: string,
  }),
  RemoveDelegationTokenRecord: shape(26, 0, { tokenId: string }),
};
