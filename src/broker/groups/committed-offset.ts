import { groupRecordKind, OffsetCommitKey, OffsetCommitValue } from "../../protocol/index.ts";
import {
  type CoordinatorRecord,
  decodeKey,
  decodeValue,
  encodePart,
} from "./coordinator-record.ts";

/** An offset that a group has committed for one partition. */
export interface CommittedOffset {
  readonly offset: number;
  /** −1 where the client did not know it. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** When it was committed, by the wall clock. */
  readonly commitTimestamp: number;
  /** When it expires, where the client said so; −1 otherwise. */
  readonly expireTimestamp: number;
  /** The zero UUID where the commit did not resolve it. */
  readonly topicId: string;
}

/** Whose offset it is, and for which partition. */
export interface OffsetPlace {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** Encodes a committed offset in the version that Kafka 4.3.1 writes it in. */
export function offsetRecord(place: OffsetPlace, committed: CommittedOffset): CoordinatorRecord {
  // Only version 1 can carry the client's own expiry.
  const version = committed.expireTimestamp === -1 ? 4 : 1;
  return { key: offsetKey(place), value: encodePart(OffsetCommitValue, version, committed) };
}

/** The tombstone of a committed offset. */
export function offsetTombstone(place: OffsetPlace): CoordinatorRecord {
  return { key: offsetKey(place), value: null };
}

/** Decodes a committed offset's record; no offset stands for its tombstone. */
export function decodeOffsetRecord(
  key: Buffer,
  value: Buffer | null,
): { readonly place: OffsetPlace; readonly committed: CommittedOffset | undefined } {
  const committed = value === null ? undefined : decodeValue(OffsetCommitValue, value);
  return { place: decodeKey(OffsetCommitKey, key), committed };
}

function offsetKey(place: OffsetPlace): Buffer {
  return encodePart(OffsetCommitKey, groupRecordKind.offsetCommit, place, 0);
}
