import { message } from "../api.ts";
import { zeroUuid } from "../bytes.ts";
import { between, since, struct, tagged } from "../schema.ts";
import { array, bytes, int32, int64, nullableString, string, uuid } from "../wire-type.ts";

/** The int16 that keys of `__consumer_offsets` begin with, for the records declared here. */
export const groupRecordKind = {
  legacyOffsetCommit: 0,
  offsetCommit: 1,
  groupMetadata: 2,
} as const;

/** The key of a committed offset, of both kinds, after the int16 of its kind. */
export const OffsetCommitKey = message(
  { name: "OffsetCommitKey", versions: [0, 0], isFlexible: () => false },
  struct({ group: string, topic: string, partition: int32 }),
);

/**
 * A committed offset, after an int16 with the version. Kafka 4.3.1 writes version 4, and version 1
 * where the client asked for a retention of its own.
 */
export const OffsetCommitValue = message(
  { name: "OffsetCommitValue", versions: [0, 4], isFlexible: (version) => version >= 4 },
  struct({
    offset: int64,
    leaderEpoch: since(3, int32, -1, "ignorable"),
    metadata: string,
    commitTimestamp: int64,
    expireTimestamp: between(1, 1, int64, -1, "ignorable"),
    topicId: tagged(0, 4, uuid, zeroUuid, "ignorable"),
  }),
);

/** The key of a classic group's state, after the int16 of its kind. */
export const GroupMetadataKey = message(
  { name: "GroupMetadataKey", versions: [0, 0], isFlexible: () => false },
  struct({ group: string }),
);

/** The state of a classic group, after an int16 with the version. Kafka 4.3.1 writes version 3. */
export const GroupMetadataValue = message(
  { name: "GroupMetadataValue", versions: [0, 4], isFlexible: (version) => version >= 4 },
  struct({
    protocolType: string,
    generation: int32,
    protocol: nullableString,
    leader: nullableString,
    currentStateTimestamp: since(2, int64, -1, "ignorable"),
    members: array(
      struct({
        memberId: string,
        groupInstanceId: since(3, nullableString, null, "ignorable"),
        clientId: string,
        clientHost: string,
        rebalanceTimeout: since(1, int32, -1, "ignorable"),
        sessionTimeout: int32,
        subscription: bytes,
        assignment: bytes,
      }),
    ),
  }),
);
