import type { DiskFile } from "../../disk.ts";
import { DecodeError } from "../../errors.ts";
import { batchLayout, batchMagic, RecordBatch, readInt64 } from "../../protocol/index.ts";

/** How many bytes a scan of headers reads at once. */
const headerWindowBytes = 8 * 1024;
/** How many bytes of whole batches are read at once, unless one batch is larger. */
const batchWindowBytes = 1024 * 1024;
const noBytes = Buffer.alloc(0);

/** The size of the batch whose header starts at `at` in a buffer; throws a `DecodeError` where it cannot be one. */
export function batchSizeAt(buffer: Buffer, at: number): number {
  const magic = buffer.readInt8(at + batchLayout.magic);
  const length = buffer.readInt32BE(at + batchLayout.length);
  const size = batchLayout.partitionLeaderEpoch + length;
  if (magic !== batchMagic || size < batchLayout.records) {
    const message = `no record batch starts here: magic ${magic}, length ${length}`;
    throw new DecodeError("CORRUPT_BATCH", message, at);
  }
  return size;
}

/**
 * Walks over the headers of the batches in a part of a segment's file, without reading the records.
 * After {@link BatchHeaders.next} its fields are those of one batch.
 */
export class BatchHeaders {
  /** Where the present batch starts in the file. */
  position: number;
  sizeInBytes = 0;
  baseOffset = -1;
  lastOffset = -1;
  maxTimestamp = -1;
  readonly #file: DiskFile;
  readonly #end: number;
  #window = noBytes;
  #windowStart = 0;

  /** Walks over `file[start, end)`; a batch must start at `start`. */
  constructor(file: DiskFile, start: number, end: number) {
    this.#file = file;
    this.position = start;
    this.#end = end;
  }

  /** Goes to the next whole batch; false at the end. Throws a `DecodeError` where there is none though bytes are left. */
  next(): boolean {
    const position = this.position + this.sizeInBytes;
    if (this.#end - position < batchLayout.records) return false;
    const header = this.#at(position);
    const size = batchSizeAt(this.#window, header);
    if (size > this.#end - position) return false;
    this.position = position;
    this.sizeInBytes = size;
    this.baseOffset = readInt64(this.#window, header + batchLayout.baseOffset);
    const delta = this.#window.readInt32BE(header + batchLayout.lastOffsetDelta);
    this.lastOffset = this.baseOffset + delta;
    this.maxTimestamp = readInt64(this.#window, header + batchLayout.maxTimestamp);
    return true;
  }

  /** Where in the window the header lies that is at `position` in the file. */
  #at(position: number): number {
    const isThere =
      position >= this.#windowStart &&
      position + batchLayout.records <= this.#windowStart + this.#window.length;
    if (!isThere) {
      const bytes = Math.min(headerWindowBytes, this.#end - position);
      if (this.#window.length !== bytes) this.#window = Buffer.allocUnsafe(bytes);
      this.#file.read(this.#window, position);
      this.#windowStart = position;
    }
    return position - this.#windowStart;
  }
}

/** Reads the batches in a part of a segment's file one after the other, in few reads. */
export class BatchReader {
  /** Where the next batch starts in the file; what lies before are whole batches. */
  position: number;
  readonly #file: DiskFile;
  readonly #end: number;
  #window = noBytes;
  #windowStart = 0;

  /** Reads `file[start, end)`; a batch must start at `start`. */
  constructor(file: DiskFile, start: number, end: number) {
    this.#file = file;
    this.position = start;
    this.#end = end;
  }

  /**
   * Gives the next whole batch, in a buffer that is not used again; undefined at the end or where only
   * a part of one is left. Throws a `DecodeError` where no batch starts.
   */
  next(): RecordBatch | undefined {
    const left = this.#end - this.position;
    if (left < batchLayout.records) return undefined;
    if (this.#available() < batchLayout.records) this.#read(Math.min(left, batchWindowBytes));
    const size = batchSizeAt(this.#window, this.position - this.#windowStart);
    if (size > left) return undefined;
    if (this.#available() < size) this.#read(Math.min(left, Math.max(size, batchWindowBytes)));
    const batch = new RecordBatch(this.#window, this.position - this.#windowStart);
    this.position += size;
    return batch;
  }

  #available(): number {
    return this.#windowStart + this.#window.length - this.position;
  }

  #read(bytes: number): void {
    const window = Buffer.allocUnsafeSlow(bytes);
    const count = this.#file.read(window, this.position);
    if (count < bytes) {
      const message = `the file ended ${bytes - count} bytes before its size`;
      throw new DecodeError("TRUNCATED", message, this.position);
    }
    this.#window = window;
    this.#windowStart = this.position;
  }
}
