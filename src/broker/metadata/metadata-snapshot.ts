import type { Disk } from "../../disk.ts";
import {
  encodeMetadataRecord,
  isSnapshotFooter,
  type MetadataRecordIn,
  RecordBatch,
  RecordBatchBuilder,
  RecordCursor,
  snapshotFooterBatch,
  snapshotHeaderBatch,
} from "../../protocol/index.ts";
import { BatchReader } from "../log/batch-reader.ts";

/** How large the batches of a snapshot become. */
const batchBytes = 256 * 1024;
/** How many bytes the records of one batch may have once they are decompressed. */
const maxBatchBytes = 64 * 1024 * 1024;

/** Which part of the metadata log a snapshot stands for: all before `endOffset`. */
export interface SnapshotId {
  readonly endOffset: number;
  /** The epoch of the last record in it. */
  readonly epoch: number;
}

/** The name of a snapshot's file (KIP-630). */
export function snapshotName({ endOffset, epoch }: SnapshotId): string {
  return `${String(endOffset).padStart(20, "0")}-${String(epoch).padStart(10, "0")}.checkpoint`;
}

/** Reads the name of a snapshot's file; undefined for all others. */
export function parseSnapshotName(name: string): SnapshotId | undefined {
  const found = /^(\d{20})-(\d{10})\.checkpoint$/.exec(name);
  return found ? { endOffset: Number(found[1]), epoch: Number(found[2]) } : undefined;
}

/** Writes a snapshot in Kafka's format and makes it safe; after a crash there is all of it or nothing. */
export function writeSnapshot(
  disk: Disk,
  directory: string,
  id: SnapshotId,
  {
    records,
    lastTimestamp,
    now,
  }: {
    readonly records: Iterable<MetadataRecordIn>;
    /** When the last record in it was appended. */
    readonly lastTimestamp: number;
    readonly now: number;
  },
): void {
  const path = `${directory}/${snapshotName(id)}`;
  const file = disk.open(`${path}.part`);
  try {
    file.truncate(0);
    const parts = [...placed(batchesOf(records, lastTimestamp, now), id.epoch)];
    file.write(parts, 0);
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(`${path}.part`, path);
  disk.syncDirectory(directory);
}

/** Reads the bytes of a snapshot's records; undefined where the snapshot is not whole. */
export function readSnapshot(disk: Disk, path: string): Buffer[] | undefined {
  const file = disk.open(path);
  try {
    const reader = new BatchReader(file, 0, file.size());
    const cursor = new RecordCursor();
    const records: Buffer[] = [];
    let isWhole = false;
    for (let batch = reader.next(); batch !== undefined; batch = reader.next()) {
      batch.checkCrc();
      cursor.open(batch, maxBatchBytes);
      while (cursor.next()) {
        const value = cursor.value();
        if (batch.isControl) isWhole ||= isSnapshotFooter(cursor.key());
        else if (value !== null) records.push(value);
      }
    }
    return isWhole ? records : undefined;
  } finally {
    file.close();
  }
}

function* batchesOf(
  records: Iterable<MetadataRecordIn>,
  lastTimestamp: number,
  now: number,
): Generator<Buffer> {
  yield snapshotHeaderBatch(lastTimestamp, now);
  let builder = new RecordBatchBuilder();
  for (const record of records) {
    builder.append(now, null, encodeMetadataRecord(record));
    if (builder.sizeInBytes < batchBytes) continue;
    yield builder.finish();
    builder = new RecordBatchBuilder();
  }
  if (builder.count > 0) yield builder.finish();
  yield snapshotFooterBatch(now);
}

/** Numbers the batches from 0 on, whatever the offsets in the log are. */
function* placed(batches: Iterable<Buffer>, epoch: number): Generator<Buffer> {
  let offset = 0;
  for (const bytes of batches) {
    const batch = new RecordBatch(bytes);
    batch.baseOffset = offset;
    batch.partitionLeaderEpoch = epoch;
    offset = batch.lastOffset + 1;
    yield bytes;
  }
}
