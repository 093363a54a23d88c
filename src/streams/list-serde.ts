import { DecodeError, MillraceError } from "../errors.ts";
import type { NullableSerde } from "./nullable-serde.ts";
import { bigint64, float32, float64, int16, int32, int64 } from "./numeric-serdes.ts";
import { outerSerde } from "./outer-serde.ts";
import type { Serde } from "./serde.ts";
import { checkInnerSerde } from "./serde-check.ts";
import { uuid } from "./simple-serdes.ts";

/** How the entries of a list follow one another: the first byte (`ListSerde.SerializationStrategy`). */
const constantSize = 0;
const variableSize = 1;
const nullEntry = -1;
const int32Bytes = 4;

/** The types whose entries Kafka writes without their lengths, and how many bytes each has. */
const sizes = new Map<unknown, number>([
  [int16, 2],
  [int32, 4],
  [float32, 4],
  [int64, 8],
  [bigint64, 8],
  [float64, 8],
  [uuid, 36],
]);

/**
 * Lists as Kafka's ListSerializer writes them: numbers and UUIDs one after the other, other entries each behind
 * its length. For lists with null among the entries, `inner` must be `nullable(…)`.
 */
export function list<T>(inner: Serde<T>): Serde<readonly T[]> {
  checkInnerSerde(inner, "list");
  const entry = ((inner as Partial<NullableSerde<T>>).inner ?? inner) as Serde<T>;
  const layout: Layout<T> = {
    entry,
    takesNull: entry !== inner,
    size: sizes.get(entry),
  };
  return outerSerde<readonly T[], T>(entry, {
    encode: (values, serialize) => encode(layout, values, serialize),
    deserialize: (buffer, start, end) => new ListReader(layout, buffer, start, end).read(),
    partsOf: (bytes) => new ListReader(layout, bytes, 0, bytes.length).entries(),
  });
}

interface Layout<T> {
  readonly entry: Serde<T>;
  readonly takesNull: boolean;
  /** The bytes of each entry where all have as many. */
  readonly size: number | undefined;
}

function encode<T>(
  { takesNull, size }: Layout<T>,
  values: readonly T[],
  serialize: (value: T) => Uint8Array | string | null,
): Buffer {
  const entries = values.map((value, index) => {
    if (value === null && takesNull) return null;
    const serialized = value === null || value === undefined ? null : serialize(value);
    if (serialized !== null) return Buffer.from(serialized as string);
    const message = `entry ${index} of a list is null: the serde for such is list(nullable(…))`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  });
  const parts: Buffer[] =
    size === undefined
      ? [Buffer.of(variableSize), int32s(values.length)]
      : [Buffer.of(constantSize), nullIndexes(entries), int32s(values.length)];
  for (const bytes of entries) {
    if (size === undefined) parts.push(int32s(bytes ? bytes.length : nullEntry));
    if (bytes) parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** Where the nulls are: how many, and the index of each. */
function nullIndexes(entries: readonly (Buffer | null)[]): Buffer {
  const indexes = entries.flatMap((bytes, index) => (bytes === null ? [index] : []));
  return int32s(indexes.length, ...indexes);
}

function int32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(int32Bytes * values.length);
  for (const [index, value] of values.entries()) bytes.writeInt32BE(value, int32Bytes * index);
  return bytes;
}

/** Reads one list, never beyond its end. */
class ListReader<T> {
  readonly #layout: Layout<T>;
  readonly #buffer: Buffer;
  readonly #end: number;
  #at: number;

  constructor(layout: Layout<T>, buffer: Buffer, start: number, end: number) {
    this.#layout = layout;
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  read(): T[] {
    const { entry, takesNull } = this.#layout;
    const values: T[] = [];
    this.#forEach((start, end) => {
      if (start >= 0) values.push(entry.deserialize(this.#buffer, start, end));
      else if (takesNull) values.push(null as T);
      else this.#refuse("a list has a null among its entries: read it with list(nullable(…))");
    });
    return values;
  }

  /** The bytes of the entries that are not null. */
  entries(): Buffer[] {
    const entries: Buffer[] = [];
    this.#forEach((start, end) => {
      if (start >= 0) entries.push(this.#buffer.subarray(start, end));
    });
    return entries;
  }

  /** Calls `each` with the place of each entry, −1 for null. */
  #forEach(each: (start: number, end: number) => void): void {
    const size = this.#sizeOfEntries();
    const nulls = size === undefined ? undefined : new Set(this.#int32s());
    const count = this.#int32();
    if (count < 0 || count > this.#end) this.#refuse(`a list has ${count} entries`);
    for (let index = 0; index < count; index += 1) {
      const isNull = nulls?.has(index) ?? false;
      const length = isNull ? nullEntry : (size ?? this.#int32());
      if (length === nullEntry) {
        each(-1, -1);
        continue;
      }
      const start = this.#at;
      this.#skip(length);
      each(start, this.#at);
    }
  }

  #sizeOfEntries(): number | undefined {
    const { size } = this.#layout;
    const strategy = this.#buffer[this.#at];
    this.#skip(1);
    if (strategy === variableSize) return undefined;
    if (strategy === constantSize && size !== undefined) return size;
    this.#refuse(
      strategy === constantSize
        ? "a list has entries of one size, and those of its serde have none"
        : `a list begins with ${strategy}, which is neither 0 nor 1`,
    );
  }

  #int32s(): number[] {
    const count = this.#int32();
    if (count < 0 || count > (this.#end - this.#at) / int32Bytes) {
      this.#refuse(`a list has ${count} nulls`);
    }
    return Array.from({ length: count }, () => this.#int32());
  }

  #int32(): number {
    const at = this.#at;
    this.#skip(int32Bytes);
    return this.#buffer.readInt32BE(at);
  }

  #skip(length: number): void {
    if (length < 0 || this.#at + length > this.#end) this.#refuse("a list is cut off");
    this.#at += length;
  }

  #refuse(message: string): never {
    throw new DecodeError("INVALID_VALUE", message, this.#at);
  }
}
