import { GroupMetadataKey, GroupMetadataValue, groupRecordKind } from "../../protocol/index.ts";
import {
  type CoordinatorRecord,
  decodeKey,
  decodeValue,
  encodePart,
} from "./coordinator-record.ts";

/** The version of the value that Kafka 4.3.1 writes. */
const valueVersion = 3;

/** What a classic group's record says. */
export type GroupState = ReturnType<typeof GroupMetadataValue.decode>;

/** Encodes a classic group's record. */
export function groupRecord(groupId: string, state: GroupState): CoordinatorRecord {
  return { key: groupKey(groupId), value: encodePart(GroupMetadataValue, valueVersion, state) };
}

/** The record of a group that has had no members yet. */
export function emptyGroupRecord(groupId: string, stateSince: number): CoordinatorRecord {
  return groupRecord(groupId, {
    protocolType: "",
    generation: 0,
    protocol: null,
    leader: null,
    currentStateTimestamp: stateSince,
    members: [],
  });
}

/** The tombstone of a classic group's record. */
export function groupTombstone(groupId: string): CoordinatorRecord {
  return { key: groupKey(groupId), value: null };
}

/** Decodes a classic group's record; no state stands for its tombstone. */
export function decodeGroupRecord(
  key: Buffer,
  value: Buffer | null,
): { readonly groupId: string; readonly state: GroupState | undefined } {
  const { group: groupId } = decodeKey(GroupMetadataKey, key);
  return { groupId, state: value === null ? undefined : decodeValue(GroupMetadataValue, value) };
}

function groupKey(groupId: string): Buffer {
  return encodePart(GroupMetadataKey, groupRecordKind.groupMetadata, { group: groupId }, 0);
}
