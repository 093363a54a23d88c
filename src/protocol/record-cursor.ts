import { DecodeError } from "../errors.ts";
import { decompress } from "./compression.ts";
import { batchLayout, type RecordBatch } from "./record-batch.ts";
import { readText } from "./text.ts";

/** A header of a record, as it was read. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** No record is shorter: attributes, two deltas, two lengths and the number of headers. */
const smallestRecord = 6;
const noBytes = Buffer.alloc(0);

/**
 * Walks over the records of one batch. It makes no object for a record: its fields say where the
 * current one lies in {@link RecordCursor.buffer}, and the accessors fetch what is wanted. Every
 * record is checked as the cursor comes to it, so that no field points outside of it.
 */
export class RecordCursor {
  /** What the positions point into: the batch's own buffer, or its decompressed records. */
  buffer: Buffer = noBytes;
  offset = 0;
  /** Milliseconds since 1970; if the broker stamps records on arrival, the same for the whole batch. */
  timestamp = -1;
  /** The key is `buffer[keyStart, keyEnd)`; both are −1 if it is null. */
  keyStart = -1;
  keyEnd = -1;
  /** The value is `buffer[valueStart, valueEnd)`; both are −1 if it is null. */
  valueStart = -1;
  valueEnd = -1;
  headerCount = 0;
  headersStart = 0;
  /** Key, value and headers with all their lengths, as they travel, are `buffer[contentStart, contentEnd)`. */
  contentStart = 0;
  contentEnd = 0;
  /** How many records of the batch are still to come. */
  remaining = 0;

  #position = 0;
  #end = 0;
  #baseOffset = 0;
  #baseTimestamp = -1;
  #appendTime = -1;
  #isAppendTime = false;

  /**
   * Goes to the front of a batch, before its first record. Throws a {@link DecodeError} if its records
   * cannot be decompressed, or not to at most `limitBytes`. Does not check the batch's checksum.
   */
  open(batch: RecordBatch, limitBytes: number): void {
    // Whatever fails below leaves a cursor without records.
    this.remaining = 0;
    this.#position = 0;
    this.#end = 0;
    this.#baseOffset = batch.baseOffset;
    this.#baseTimestamp = batch.baseTimestamp;
    this.#isAppendTime = batch.timestampType === "append";
    this.#appendTime = batch.maxTimestamp;
    const { compression, count } = batch;
    const start = batch.start + batchLayout.records;
    if (compression === "none" || count === 0) {
      this.buffer = batch.buffer;
      this.#position = start;
      this.#end = count === 0 ? start : batch.end;
    } else {
      const compressed = batch.buffer.subarray(start, batch.end);
      this.buffer = decompress(compression, compressed, limitBytes);
      this.#end = this.buffer.length;
    }
    this.remaining = count;
  }

  /**
   * Goes to the next record; false if there is none. Throws a {@link DecodeError} if it is malformed,
   * or if bytes are left after the last one; there is no going on after that.
   */
  next(): boolean {
    if (this.remaining === 0) return this.#checkEnd();
    const length = this.#varint();
    const start = this.#position;
    if (length < smallestRecord || length > this.#end - start) throw this.#misfit("length", length);
    const end = start + length;
    // The record's attributes are not used yet by any version of Kafka.
    this.#position = start + 1;
    const timestampDelta = this.#varlong();
    this.timestamp = this.#isAppendTime ? this.#appendTime : this.#baseTimestamp + timestampDelta;
    this.offset = this.#baseOffset + this.#varint();
    this.contentStart = this.#position;
    this.contentEnd = end;
    const keyLength = this.#varint();
    if (keyLength < 0) {
      this.keyStart = -1;
      this.keyEnd = -1;
    } else {
      this.keyStart = this.#position;
      this.#position += keyLength;
      this.keyEnd = this.#position;
      if (this.keyEnd > end) throw this.#misfit("key's length", keyLength);
    }
    const valueLength = this.#varint();
    if (valueLength < 0) {
      this.valueStart = -1;
      this.valueEnd = -1;
    } else {
      this.valueStart = this.#position;
      this.#position += valueLength;
      this.valueEnd = this.#position;
      if (this.valueEnd > end) throw this.#misfit("value's length", valueLength);
    }
    this.headerCount = this.#varint();
    this.headersStart = this.#position;
    if (this.headerCount !== 0) this.#skipHeaders(end);
    if (this.#position !== end) throw this.#misfit("length", length);
    this.remaining -= 1;
    return true;
  }

  /** The record's key: a slice of {@link RecordCursor.buffer}. */
  key(): Buffer | null {
    return this.keyStart < 0 ? null : this.buffer.subarray(this.keyStart, this.keyEnd);
  }

  /** The record's value: a slice of {@link RecordCursor.buffer}. */
  value(): Buffer | null {
    return this.valueStart < 0 ? null : this.buffer.subarray(this.valueStart, this.valueEnd);
  }

  /** The record's key as text. */
  keyText(): string | null {
    return this.keyStart < 0 ? null : readText(this.buffer, this.keyStart, this.keyEnd);
  }

  /** The record's value as text. */
  valueText(): string | null {
    return this.valueStart < 0 ? null : readText(this.buffer, this.valueStart, this.valueEnd);
  }

  /** The record's headers in their order; several may have the same key. */
  headers(): RecordHeader[] {
    const headers: RecordHeader[] = [];
    const next = this.#position;
    this.#position = this.headersStart;
    for (let index = 0; index < this.headerCount; index += 1) {
      const keyLength = this.#varint();
      const keyStart = this.#position;
      const keyEnd = keyStart + keyLength;
      this.#position = keyEnd;
      const valueLength = this.#varint();
      const valueStart = this.#position;
      const valueEnd = valueStart + Math.max(0, valueLength);
      this.#position = valueEnd;
      headers.push({
        key: readText(this.buffer, keyStart, keyEnd),
        value: valueLength < 0 ? null : this.buffer.subarray(valueStart, valueEnd),
      });
    }
    this.#position = next;
    return headers;
  }

  /** A zigzag varint of at most 32 bits. */
  #varint(): number {
    const at = this.#position;
    const first = this.buffer[at] as number;
    if (first < 0x80) {
      this.#position = at + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    const second = this.buffer[at + 1] as number;
    if (second < 0x80) {
      this.#position = at + 2;
      return ((second << 6) | ((first & 0x7f) >>> 1)) ^ -(first & 1);
    }
    return this.#longVarint();
  }

  /** A zigzag varint of at most 64 bits. */
  #varlong(): number {
    const at = this.#position;
    const first = this.buffer[at] as number;
    if (first < 0x80) {
      this.#position = at + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    const second = this.buffer[at + 1] as number;
    if (second < 0x80) {
      this.#position = at + 2;
      return ((second << 6) | ((first & 0x7f) >>> 1)) ^ -(first & 1);
    }
    return this.#longVarlong();
  }

  #longVarint(): number {
    let raw = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
    }
    const message = "a varint of a record has more than 32 bits";
    throw new DecodeError("INVALID_VARINT", message, this.#position);
  }

  #longVarlong(): number {
    // The zigzag form is low + high·2²⁸: four bytes fill `low`, six more go to `high`.
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#byte();
      if (index < 4) low |= (byte & 0x7f) << (7 * index);
      else high += (byte & 0x7f) * 2 ** (7 * (index - 4));
      if (byte >= 0x80) continue;
      const half = (low >>> 1) + high * 2 ** 27;
      if (half > Number.MAX_SAFE_INTEGER) {
        const message = "a record's timestamp is beyond 2^53-1 milliseconds";
        throw new DecodeError("INTEGER_TOO_LARGE", message, this.#position);
      }
      return (low & 1) === 1 ? -half - 1 : half;
    }
    const message = "a varint of a record has more than 64 bits";
    throw new DecodeError("INVALID_VARINT", message, this.#position);
  }

  #byte(): number {
    if (this.#position >= this.#end) {
      throw new DecodeError("TRUNCATED", "a record batch ends within a record", this.#position);
    }
    const byte = this.buffer[this.#position] as number;
    this.#position += 1;
    return byte;
  }

  /** Checks that the headers fill the record up to `end`, so that reading them later cannot fail. */
  #skipHeaders(end: number): void {
    const count = this.headerCount;
    // A header has two bytes at least: the lengths of its key and its value.
    if (count < 0 || count > (end - this.#position) / 2)
      throw this.#misfit("number of headers", count);
    for (let index = 0; index < count; index += 1) {
      const keyLength = this.#varint();
      if (keyLength < 0 || keyLength > end - this.#position) {
        throw this.#misfit("header's key's length", keyLength);
      }
      this.#position += keyLength;
      const valueLength = this.#varint();
      if (valueLength > end - this.#position) throw this.#misfit("header's length", valueLength);
      if (valueLength > 0) this.#position += valueLength;
    }
  }

  #checkEnd(): false {
    if (this.#position === this.#end) return false;
    const message = `a record batch has ${this.#end - this.#position} bytes more than its records`;
    throw new DecodeError("CORRUPT_BATCH", message, this.#position);
  }

  #misfit(what: string, value: number): DecodeError {
    const message = `a record's ${what} cannot be ${value} here`;
    return new DecodeError("INVALID_LENGTH", message, this.#position);
  }
}
