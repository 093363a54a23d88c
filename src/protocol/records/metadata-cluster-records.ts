import { defaulted, since, struct, tagged } from "../schema.ts";
import {
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
  uint16,
  uuid,
} from "../wire-type.ts";
import { shape } from "./metadata-record-shape.ts";

const endpoint = struct({ name: string, host: string, port: uint16, securityProtocol: int16 });
const feature = struct({
  name: string,
  minSupportedVersion: int16,
  maxSupportedVersion: int16,
});

/** Records about brokers, controllers, features and the log itself (kafka-metadata, `common/metadata`). */
export const clusterRecords = {
  RegisterBrokerRecord: shape(0, 4, {
    brokerId: int32,
    isMigratingZkBroker: since(2, boolean, false),
    incarnationId: uuid,
    brokerEpoch: int64,
    endPoints: array(endpoint),
    features: array(feature),
    rack: defaulted(nullableString, null),
    fenced: defaulted(boolean, true),
    inControlledShutdown: since(1, boolean, false),
    logDirs: tagged(0, 3, array(uuid), []),
    cordonedLogDirs: tagged(1, 4, nullableArray(uuid), null),
  }),
  UnregisterBrokerRecord: shape(1, 0, { brokerId: int32, brokerEpoch: int64 }),
  FenceBrokerRecord: shape(7, 0, { id: int32, epoch: int64 }),
  UnfenceBrokerRecord: shape(8, 0, { id: int32, epoch: int64 }),
  BrokerRegistrationChangeRecord: shape(17, 3, {
    brokerId: int32,
    brokerEpoch: int64,
    /** −1 unfenced, 0 no change, 1 fenced. */
    fenced: tagged(0, 0, int8, 0),
    /** 0 no change, 1 in controlled shutdown. */
    inControlledShutdown: tagged(1, 1, int8, 0),
    logDirs: tagged(2, 2, array(uuid), []),
    cordonedLogDirs: tagged(3, 3, nullableArray(uuid), null),
  }),
  RegisterControllerRecord: shape(27, 0, {
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: boolean,
    endPoints: array(endpoint),
    features: array(feature),
  }),
  FeatureLevelRecord: shape(12, 0, { name: string, featureLevel: int16 }),
  ProducerIdsRecord: shape(15, 0, {
    brokerId: int32,
    brokerEpoch: defaulted(int64, -1),
    nextProducerId: int64,
  }),
  NoOpRecord: shape(20, 0, {}),
  ZkMigrationStateRecord: shape(21, 0, { zkMigrationState: int8 }),
  BeginTransactionRecord: shape(23, 0, { name: tagged(0, 0, nullableString, null) }),
  EndTransactionRecord: shape(24, 0, {}),
  AbortTransactionRecord: shape(25, 0, { reason: tagged(0, 0, nullableString, null) }),
};
