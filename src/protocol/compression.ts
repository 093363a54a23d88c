import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { DecodeError, MillraceError } from "../errors.ts";
import { compressLz4, decompressLz4 } from "./lz4.ts";
import { compressSnappy, decompressSnappy } from "./snappy.ts";

/** How the records of a batch are compressed. */
export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

const compressionOnWire = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
} satisfies Record<Compression, number>;
const compressions = Object.keys(compressionOnWire) as readonly Compression[];

/** zlib's output arrives in pieces of this size, which are then joined. */
const chunkSize = 65536;

/** The number by which a batch's attributes name the compression. */
export function compressionNumber(compression: Compression): number {
  return compressionOnWire[compression];
}

/** The compression that a number stands for; throws a {@link DecodeError} `UNKNOWN_CODEC` if there is none. */
export function compressionOf(number: number): Compression {
  const compression = compressions[number];
  if (compression !== undefined) return compression;
  throw new DecodeError("UNKNOWN_CODEC", `no compression has the number ${number}`, 0);
}

/**
 * Compresses the records of a batch as Kafka's own clients do: snappy in Xerial's framing, LZ4 as a
 * frame. `level` is gzip's (1 to 9) or zstd's (−131072 to 22); the other two have none.
 */
export function compress(compression: Compression, bytes: Buffer, level?: number): Buffer {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gzipSync(bytes, { chunkSize, level: level ?? constants.Z_DEFAULT_COMPRESSION });
    case "snappy":
      return compressSnappy(bytes);
    case "lz4":
      return compressLz4(bytes);
    case "zstd":
      return zstdCompressSync(bytes, { chunkSize, params: zstdParams(level) });
    default:
      compression satisfies never;
      throw new MillraceError("INVALID_ARGUMENT", `there is no compression "${compression}"`);
  }
}

/**
 * Undoes {@link compress}. Throws a {@link DecodeError}: `TOO_LARGE` if more than `limitBytes` would
 * come out, before memory for them is taken, `DECOMPRESSION_FAILED` if the bytes are corrupt.
 */
export function decompress(compression: Compression, bytes: Buffer, limitBytes: number): Buffer {
  try {
    return decompressWith(compression, bytes, limitBytes);
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    if (cause instanceof RangeError && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      const message = `${bytes.length} bytes of ${compression} hold more than the ${limitBytes} allowed`;
      throw new DecodeError("TOO_LARGE", message, 0, { cause });
    }
    const message = `${bytes.length} bytes are not valid ${compression}`;
    throw new DecodeError("DECOMPRESSION_FAILED", message, 0, { cause });
  }
}

function decompressWith(compression: Compression, bytes: Buffer, limitBytes: number): Buffer {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gunzipSync(bytes, { chunkSize, maxOutputLength: limitBytes });
    case "snappy":
      return decompressSnappy(bytes, limitBytes);
    case "lz4":
      return decompressLz4(bytes, limitBytes);
    case "zstd":
      return zstdDecompressSync(bytes, { chunkSize, maxOutputLength: limitBytes });
  }
}

function zstdParams(level: number | undefined): { [parameter: number]: number } {
  return { [constants.ZSTD_c_compressionLevel]: level ?? constants.ZSTD_CLEVEL_DEFAULT };
}
