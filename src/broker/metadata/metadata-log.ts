import type { Clock } from "../../clock.ts";
import type { Disk, DiskFile } from "../../disk.ts";
import { DecodeError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import {
  leaderChangeBatch,
  type MetadataRecordIn,
  RecordBatch,
  RecordBatchBuilder,
  RecordCursor,
} from "../../protocol/index.ts";
import { BatchReader } from "../log/batch-reader.ts";
import { writeCheckpoint, writeWholeFile } from "../log/checkpoint-file.ts";
import { logFileName, parseLogFileName } from "../log/log-file-names.ts";
import {
  parseSnapshotName,
  readSnapshot,
  snapshotName,
  writeSnapshot,
} from "./metadata-snapshot.ts";
import { readQuorumEpoch, writeQuorumState } from "./quorum-state.ts";

/** The directory of the metadata's only partition. */
const metadataDirectory = "__cluster_metadata-0";
/** `Uuid.METADATA_TOPIC_ID`, as `partition.metadata` shows it. */
const partitionMetadata = "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ";
/** How many bytes the records of one batch may have once they are decompressed. */
const maxBatchBytes = 64 * 1024 * 1024;

/** What a metadata log is opened with. */
export interface MetadataLogOptions {
  readonly disk: Disk;
  /** The directory that the partition's own lies in. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeId: number;
}

/**
 * The log of the cluster's metadata, `__cluster_metadata-0`, as a Raft quorum of one keeps it (KIP-500,
 * KIP-595, kraft.version 0): one active segment in Kafka's format, and a snapshot for all that came
 * before it. Index files are left to Kafka, which builds them anew when it opens the log.
 */
export class MetadataLog {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #nodeId: number;
  readonly #epochs: { readonly epoch: number; readonly startOffset: number }[] = [];
  #file: DiskFile;
  /** Where the next batch goes in the file; what lies behind is left over from a write that failed. */
  #position = 0;
  #endOffset = 0;
  #epoch = 0;
  #lastTimestamp = 0;
  #bytesSinceSnapshot = 0;

  /** Opens the log and hands every record that counts to `replay`: those of the latest snapshot, then those after it. */
  constructor(
    { disk, directory, clock, logger, nodeId }: MetadataLogOptions,
    replay: (record: Buffer) => void,
  ) {
    this.#disk = disk;
    this.#directory = `${directory}/${metadataDirectory}`;
    this.#clock = clock;
    this.#logger = logger;
    this.#nodeId = nodeId;
    this.#prepareDirectory();
    this.#replaySnapshot(replay);
    const first = this.#endOffset;
    this.#file = this.#replaySegments(replay);
    if (this.#file.size() === 0) {
      disk.syncDirectory(this.#directory);
      disk.syncDirectory(directory);
    }
    this.#epoch = Math.max(this.#epoch, readQuorumEpoch(disk, this.#directory));
    if (this.#endOffset === first) this.#bytesSinceSnapshot = 0;
  }

  /** The offset that the next record gets. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** The epoch of the present leader, or before {@link MetadataLog.begin} the last one's. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Bytes appended since the latest snapshot. */
  get bytesSinceSnapshot(): number {
    return this.#bytesSinceSnapshot;
  }

  /** Begins a new epoch, as a leader does that was just elected. Made safe by the next append. */
  begin(): void {
    this.#epoch += 1;
    writeQuorumState(this.#disk, this.#directory, { nodeId: this.#nodeId, epoch: this.#epoch });
    this.#noteEpoch(this.#epoch, this.#endOffset);
    this.#writeEpochs();
    const now = this.#clock.now();
    this.#write(leaderChangeBatch(this.#nodeId, now), now);
  }

  /**
   * Appends records as one batch, and returns when they are safe from a loss of power. Where the disk
   * fails it throws KAFKA_STORAGE_ERROR, and nothing of them is in the log.
   */
  append(records: readonly Buffer[]): void {
    const now = this.#clock.now();
    const builder = new RecordBatchBuilder();
    for (const record of records) builder.append(now, null, record);
    const { position, endOffset, lastTimestamp, bytesSinceSnapshot } = this.#state();
    try {
      this.#write(builder.finish(), now);
      this.#file.sync();
    } catch (error) {
      this.#position = position;
      this.#endOffset = endOffset;
      this.#lastTimestamp = lastTimestamp;
      this.#bytesSinceSnapshot = bytesSinceSnapshot;
      this.#cutBack();
      throw error;
    }
  }

  /** Writes a snapshot of what the log says so far, begins a new segment, and removes what the snapshot stands for. */
  snapshot(records: Iterable<MetadataRecordIn>): void {
    const id = { endOffset: this.#endOffset, epoch: this.#epoch };
    const times = { lastTimestamp: this.#lastTimestamp, now: this.#clock.now() };
    writeSnapshot(this.#disk, this.#directory, id, { records, ...times });
    const next = this.#disk.open(this.#path(logFileName(this.#endOffset, ".log")));
    this.#file.close();
    this.#file = next;
    this.#disk.syncDirectory(this.#directory);
    this.#position = 0;
    this.#bytesSinceSnapshot = 0;
    this.#removeBefore(id.endOffset);
    this.#epochs.splice(0, this.#epochs.length, { epoch: id.epoch, startOffset: id.endOffset });
    this.#writeEpochs();
  }

  /** Closes the file. May be called twice. */
  close(): void {
    this.#file.close();
  }

  #state() {
    return {
      position: this.#position,
      endOffset: this.#endOffset,
      lastTimestamp: this.#lastTimestamp,
      bytesSinceSnapshot: this.#bytesSinceSnapshot,
    };
  }

  #write(bytes: Buffer, now: number): void {
    const batch = new RecordBatch(bytes);
    batch.baseOffset = this.#endOffset;
    batch.partitionLeaderEpoch = this.#epoch;
    this.#file.write([bytes], this.#position);
    this.#position += bytes.length;
    this.#bytesSinceSnapshot += bytes.length;
    this.#endOffset = batch.lastOffset + 1;
    this.#lastTimestamp = now;
  }

  /** What a failed write left must not be taken for a part of the log after a crash. */
  #cutBack(): void {
    try {
      this.#file.truncate(this.#position);
    } catch {
      // The disk fails at this too: the next write goes to the same place, and its batch is cut short or whole.
    }
  }

  #prepareDirectory(): void {
    this.#disk.makeDirectory(this.#directory);
    const path = this.#path("partition.metadata");
    if (!this.#disk.exists(path)) {
      writeWholeFile(this.#disk, path, partitionMetadata, { isSafe: false });
    }
    for (const name of this.#disk.list(this.#directory)) {
      if (name.endsWith(".part")) this.#disk.remove(this.#path(name));
    }
  }

  #noteEpoch(epoch: number, startOffset: number): void {
    if (epoch > (this.#epochs.at(-1)?.epoch ?? -1)) this.#epochs.push({ epoch, startOffset });
  }

  #writeEpochs(): void {
    const lines = this.#epochs.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`);
    const path = this.#path("leader-epoch-checkpoint");
    writeCheckpoint(this.#disk, path, lines, { isSafe: false });
  }

  /** Takes the latest snapshot that is whole. */
  #replaySnapshot(replay: (record: Buffer) => void): void {
    const ids = this.#disk.list(this.#directory).flatMap((name) => parseSnapshotName(name) ?? []);
    for (const id of ids.reverse()) {
      const records = readSnapshot(this.#disk, this.#path(snapshotName(id)));
      if (records === undefined) continue;
      for (const record of records) replay(record);
      this.#endOffset = id.endOffset;
      this.#epoch = id.epoch;
      return;
    }
  }

  /** Replays what comes after the snapshot, and gives the segment that is to be appended to. */
  #replaySegments(replay: (record: Buffer) => void): DiskFile {
    const bases = this.#disk.list(this.#directory).flatMap((name) => {
      const found = parseLogFileName(name);
      return found?.kind === ".log" && found.suffix === "" ? [found.offset] : [];
    });
    // A crash between the snapshot and the segment after it leaves none to go on with.
    const last = bases.at(-1) ?? this.#endOffset;
    for (const base of bases.slice(0, -1)) this.#replaySegment(base, replay).close();
    return this.#replaySegment(last, replay);
  }

  #replaySegment(base: number, replay: (record: Buffer) => void): DiskFile {
    const file = this.#disk.open(this.#path(logFileName(base, ".log")));
    const size = file.size();
    const reader = new BatchReader(file, 0, size);
    const cursor = new RecordCursor();
    this.#position = 0;
    for (let batch = this.#nextOf(reader); batch !== undefined; batch = this.#nextOf(reader)) {
      this.#position = reader.position;
      this.#noteEpoch(batch.partitionLeaderEpoch, batch.baseOffset);
      if (batch.lastOffset < this.#endOffset) continue;
      this.#endOffset = batch.lastOffset + 1;
      this.#epoch = Math.max(this.#epoch, batch.partitionLeaderEpoch);
      this.#lastTimestamp = batch.maxTimestamp;
      this.#bytesSinceSnapshot += batch.sizeInBytes;
      if (batch.isControl) continue;
      cursor.open(batch, maxBatchBytes);
      while (cursor.next()) {
        const value = cursor.value();
        if (value !== null) replay(value);
      }
    }
    if (this.#position < size) {
      const cut = { offset: this.#endOffset, bytes: size - this.#position };
      this.#logger.warn(cut, "the end of the metadata log is not whole and was cut off");
      file.truncate(this.#position);
    }
    return file;
  }

  /** The next whole batch; what a crash left of one ends the log, as no answer was given for it. */
  #nextOf(reader: BatchReader): RecordBatch | undefined {
    try {
      const batch = reader.next();
      batch?.checkCrc();
      return batch;
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }

  #removeBefore(offset: number): void {
    for (const name of this.#disk.list(this.#directory)) {
      const found = parseLogFileName(name) ?? parseSnapshotName(name);
      const start =
        found === undefined ? offset : "offset" in found ? found.offset : found.endOffset;
      if (start < offset) this.#disk.remove(this.#path(name));
    }
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}
