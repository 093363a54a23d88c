import { type Compression, compress, decompress } from "../../protocol/index.ts";
import type { Rows } from "./engine.ts";

/** How values are compressed where they are kept. */
export interface CompressedRowsOptions {
  readonly compression: Extract<Compression, "zstd" | "lz4">;
}

/** What a compressed value can become at most; Kafka's records cannot be larger. */
const limitBytes = 2 ** 31 - 1;
/** Smaller values do not get smaller. */
const smallestBytes = 64;
const plain = 0;
const compressed = 1;

/** Rows whose values are compressed where that makes them smaller: a byte that tells so comes first. */
export function compressedRows(rows: Rows, { compression }: CompressedRowsOptions): Rows {
  const unpack = (value: Buffer) => {
    const body = value.subarray(1);
    return value[0] === compressed ? decompress(compression, body, limitBytes) : body;
  };
  const pack = (value: Buffer) => {
    const body = value.length < smallestBytes ? value : compress(compression, value);
    const isSmaller = body.length < value.length;
    const packed = Buffer.allocUnsafe(1 + (isSmaller ? body.length : value.length));
    packed[0] = isSmaller ? compressed : plain;
    packed.set(isSmaller ? body : value, 1);
    return packed;
  };
  function* unpackAll(range: Iterable<readonly [Buffer, Buffer]>) {
    for (const [key, value] of range) yield [key, unpack(value)] as const;
  }
  return {
    get(key) {
      const value = rows.get(key);
      return value && unpack(value);
    },
    put: (key, value) => rows.put(key, pack(value)),
    delete: (key) => rows.delete(key),
    range: (from, to, backwards) => unpackAll(rows.range(from, to, backwards)),
    approximateCount: () => rows.approximateCount(),
  };
}
