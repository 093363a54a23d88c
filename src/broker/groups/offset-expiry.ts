import { type CommittedOffset, offsetTombstone } from "./committed-offset.ts";
import type { CoordinatorRecord } from "./coordinator-record.ts";
import type { Group } from "./group.ts";
import type { Offsets } from "./offsets.ts";

/**
 * Tombstones for a group's offsets that are older than the retention, and for the group itself where
 * it is empty and none are left (`OffsetMetadataManager.cleanupExpiredOffsets`, KIP-211). Times are in
 * milliseconds of the wall clock.
 */
export function expiryRecords(
  group: Group,
  offsets: Offsets,
  { timestamp, retentionMs }: { readonly timestamp: number; readonly retentionMs: number },
): CoordinatorRecord[] {
  const records: CoordinatorRecord[] = [];
  let isLeft = offsets.hasPending(group.id);
  if (offsets.has(group.id)) {
    if (group.keepsOffsets === true) return records;
    for (const [topic, partitions] of offsets.of(group.id)) {
      const isSubscribed = group.isSubscribedTo(topic);
      for (const [partition, committed] of partitions) {
        const place = { group: group.id, topic, partition };
        const from = group.emptySince ?? committed.commitTimestamp;
        const isExpired = !isSubscribed && hasExpired(committed, from, timestamp, retentionMs);
        if (isExpired && !offsets.isPending(place)) records.push(offsetTombstone(place));
        else isLeft = true;
      }
    }
  }
  if (!isLeft && group.isEmpty) records.push(...group.deletionRecords());
  return records;
}

function hasExpired(
  { expireTimestamp }: CommittedOffset,
  from: number,
  timestamp: number,
  retentionMs: number,
): boolean {
  if (expireTimestamp !== -1) return timestamp >= expireTimestamp;
  return timestamp - from >= retentionMs;
}
