import { int64Max, readInt64 } from "../../protocol/index.ts";
import { timestampBytes, withTimestamp } from "./codec.ts";
import type { Rows } from "./engine.ts";
import type { Segments } from "./segments.ts";
import { VersionList } from "./version-list.ts";

/** A version as it is found: its bytes, and when it was valid; `validTo` undefined for the present one. */
export interface FoundVersion {
  readonly value: Buffer;
  readonly timestamp: number;
  readonly validTo: number | undefined;
}

/** What {@link VersionedRows.put} gives where no later version is known. */
const noNextVersion = -1;

/**
 * Versions of values as rows: the newest in a set of its own, `int64 timestamp ‖ value`, older ones in
 * segments by the time at which they stopped being valid (`RocksDBVersionedStore`).
 */
export class VersionedRows {
  readonly #latest: Rows;
  readonly #segments: Segments;
  readonly #historyRetentionMs: number;
  #observedTime = -1;

  constructor(latest: Rows, segments: Segments, historyRetentionMs: number) {
    this.#latest = latest;
    this.#segments = segments;
    this.#historyRetentionMs = historyRetentionMs;
  }

  /** Whether a version of that time can still be put. */
  isInTime(timestamp: number): boolean {
    return timestamp >= this.#observedTime - this.#historyRetentionMs;
  }

  /** The version that is valid at a time. */
  get(key: Buffer, asOf: number): FoundVersion | null {
    const row = this.#latest.get(key);
    if (row && readInt64(row, 0) <= asOf) {
      const value = row.subarray(timestampBytes);
      return { value, timestamp: readInt64(row, 0), validTo: undefined };
    }
    if (!this.isInTime(asOf)) return null;
    for (const rows of this.#segments.between(asOf, int64Max, true)) {
      const older = rows.get(key);
      if (!older) continue;
      const versions = VersionList.decode(older);
      if (versions.next <= asOf) return null;
      if (versions.least > asOf) continue;
      const index = versions.indexAt(asOf);
      const { from, value } = versions.at(index);
      return value && { value, timestamp: from, validTo: versions.endOf(index) };
    }
    return null;
  }

  /**
   * Puts a version that is in time, null for a deletion. Gives when the next one begins, {@link noNextVersion}
   * where there is none, undefined where the version is too old to matter.
   */
  put(key: Buffer, value: Buffer | null, timestamp: number): number | undefined {
    this.#observedTime = Math.max(this.#observedTime, timestamp);
    this.#segments.dropExpired(this.#observedTime);
    const row = this.#latest.get(key);
    const latest = row ? readInt64(row, 0) : undefined;
    if (row && latest !== undefined && timestamp >= latest) {
      if (timestamp > latest) {
        const moved = row.subarray(timestampBytes);
        this.#addToSegment(key, { value: moved, from: latest, to: timestamp });
      }
      this.#setLatest(key, value, timestamp);
      return noNextVersion;
    }
    return this.#putBelow(key, value, timestamp, latest);
  }

  /** Takes in a record of the changelog. */
  restore(key: Buffer, value: Buffer | null, timestamp: number): void {
    if (this.isInTime(timestamp)) this.put(key, value, timestamp);
  }

  /** Puts a version that is not the newest, or of a key whose newest version is a deletion or none. */
  #putBelow(
    key: Buffer,
    value: Buffer | null,
    timestamp: number,
    latest: number | undefined,
  ): number | undefined {
    // The earliest version after this one, as far as has been looked.
    let next = latest;
    for (const rows of this.#segments.between(timestamp, int64Max, true)) {
      const row = rows.get(key);
      if (!row) continue;
      const versions = VersionList.decode(row);
      if (versions.next <= timestamp) break;
      if (versions.least <= timestamp) {
        return this.#putWithin(rows, versions, key, value, timestamp);
      }
      if (!this.isInTime(versions.least)) return undefined;
      next = versions.least;
    }
    return next === undefined
      ? this.#putNewest(key, value, timestamp)
      : this.#putBefore(next, key, value, timestamp);
  }

  /** Puts a version among those of a segment, from which the one before it may have to move to an older one. */
  #putWithin(
    rows: Rows,
    versions: VersionList,
    key: Buffer,
    value: Buffer | null,
    timestamp: number,
  ): number {
    const index = versions.indexAt(timestamp);
    const before = versions.at(index);
    const next = versions.endOf(index);
    if (before.from === timestamp) {
      versions.replace(index, timestamp, value);
    } else if (this.#segments.at(timestamp) !== rows) {
      // The version before stops being valid now, and by that its segment is an older one.
      this.#addToSegment(key, { value: before.value, from: before.from, to: timestamp });
      versions.replace(index, timestamp, value);
    } else {
      versions.insert(index, timestamp, value);
    }
    rows.put(key, versions.encode());
    return next;
  }

  /** Puts the newest version of a key that has none, or was deleted. */
  #putNewest(key: Buffer, value: Buffer | null, timestamp: number): number | undefined {
    if (value) {
      this.#setLatest(key, value, timestamp);
      return noNextVersion;
    }
    const rows = this.#segments.live(timestamp, this.#observedTime);
    if (!rows) return undefined;
    const row = rows.get(key);
    if (!row) {
      rows.put(key, VersionList.of(null, timestamp, timestamp).encode());
      return noNextVersion;
    }
    const versions = VersionList.decode(row);
    if (versions.next !== timestamp) {
      versions.addNewest(versions.next, timestamp, null);
      rows.put(key, versions.encode());
    }
    return noNextVersion;
  }

  /** Puts a version that is valid until one that begins at `next`, in the segment of that time. */
  #putBefore(
    next: number,
    key: Buffer,
    value: Buffer | null,
    timestamp: number,
  ): number | undefined {
    const rows = this.#segments.live(next, this.#observedTime);
    if (!rows) return undefined;
    const row = rows.get(key);
    const versions = row ? VersionList.decode(row) : VersionList.of(value, timestamp, next);
    if (row && versions.next <= timestamp) versions.addNewest(timestamp, next, value);
    else if (row) versions.addOldest(timestamp, value);
    rows.put(key, versions.encode());
    return next;
  }

  /** Puts a version that has stopped being valid above what its segment has; one that has expired is dropped. */
  #addToSegment(
    key: Buffer,
    {
      value,
      from,
      to,
    }: { readonly value: Buffer | null; readonly from: number; readonly to: number },
  ): void {
    const rows = this.#segments.live(to, this.#observedTime);
    if (!rows) return;
    const row = rows.get(key);
    const versions = row ? VersionList.decode(row) : VersionList.of(value, from, to);
    if (row) versions.addNewest(from, to, value);
    rows.put(key, versions.encode());
  }

  #setLatest(key: Buffer, value: Buffer | null, timestamp: number): void {
    if (value) this.#latest.put(key, withTimestamp(value, timestamp));
    else this.#latest.delete(key);
  }
}
