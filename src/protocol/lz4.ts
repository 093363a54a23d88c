import { createRequire } from "node:module";
import { DecodeError } from "../errors.ts";
import { releaseMemory } from "./released-memory.ts";

// Loaded with the first batch that asks for it: most programs never see LZ4, and all start faster.
const require = createRequire(import.meta.url);
let loaded: typeof import("lz4-napi") | undefined;

function library(): typeof import("lz4-napi") {
  loaded ??= require("lz4-napi") as typeof import("lz4-napi");
  return loaded;
}

// The library's own functions for frames are not used: they take a tenth of the speed of those for
// blocks, and put no bound on what comes out.

const magic = 0x184d2204;
/** What every frame of ours begins with: magic, version 1, independent blocks of 64 KB, the header's checksum. */
const frameHeader = Buffer.from("04224d18604082", "hex");
const endMark = Buffer.alloc(4);
const blockBytes = 64 * 1024;
/** The bit of a block's length that says it is stored as it is. */
const storedBit = 0x80000000;

/** Compresses to an LZ4 frame as Java's client writes it: independent blocks of 64 KB, no checksum of the content. */
export function compressLz4(bytes: Buffer): Buffer {
  const parts: Buffer[] = [frameHeader];
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const content = bytes.subarray(start, start + blockBytes);
    // The library puts the content's length in front, where a frame has that of the block.
    const block = library().compressSync(content);
    const length = block.length - 4;
    if (length < content.length) {
      block.writeUInt32LE(length, 0);
      parts.push(block);
    } else {
      block.writeUInt32LE((content.length | storedBit) >>> 0, 0);
      parts.push(block.subarray(0, 4), content);
    }
  }
  parts.push(endMark);
  return Buffer.concat(parts);
}

/**
 * Decompresses one LZ4 frame to at most `limitBytes`. Its checksums are skipped: that of the batch
 * around it covers them.
 */
export function decompressLz4(bytes: Buffer, limitBytes: number): Buffer {
  const { largestBlock, checksumBytes, headerBytes } = readDescriptor(bytes);
  const parts: Buffer[] = [];
  let size = 0;
  let at = headerBytes;
  for (;;) {
    if (at + 4 > bytes.length) throw corrupt("an LZ4 frame ends without its end mark", at);
    const word = bytes.readUInt32LE(at);
    if (word === 0) break;
    const start = at + 4;
    const end = start + (word & ~storedBit);
    at = end + checksumBytes;
    if (at > bytes.length) throw corrupt("a block of an LZ4 frame is cut off", start);
    const part =
      word >= storedBit
        ? bytes.subarray(start, end)
        : decompressBlock(bytes, start, end, largestBlock);
    size += part.length;
    if (size > limitBytes) {
      const message = `${bytes.length} bytes of lz4 hold more than the ${limitBytes} allowed`;
      throw new DecodeError("TOO_LARGE", message, start);
    }
    parts.push(part);
  }
  if (parts.length === 1) return parts[0] as Buffer;
  const joined = Buffer.concat(parts, size);
  for (const part of parts) releaseMemory(part);
  return joined;
}

interface Descriptor {
  readonly largestBlock: number;
  /** How many bytes of checksum follow each block. */
  readonly checksumBytes: 0 | 4;
  readonly headerBytes: number;
}

function readDescriptor(bytes: Buffer): Descriptor {
  if (bytes.length < frameHeader.length || bytes.readUInt32LE(0) !== magic) {
    throw corrupt("the bytes are no LZ4 frame", 0);
  }
  const flags = bytes[4] as number;
  // Code 4 stands for blocks of 64 KB, each further one for four times as much, up to 4 MB.
  const sizeCode = ((bytes[5] as number) >> 4) & 0x7;
  const isIndependent = (flags & 0x20) !== 0;
  if (flags >> 6 !== 1 || sizeCode < 4 || !isIndependent) {
    throw corrupt("the LZ4 frame is not of the kind that Kafka allows", 4);
  }
  const contentSizeBytes = flags & 0x08 ? 8 : 0;
  const dictionaryBytes = flags & 0x01 ? 4 : 0;
  return {
    largestBlock: blockBytes * 4 ** (sizeCode - 4),
    checksumBytes: flags & 0x10 ? 4 : 0,
    headerBytes: frameHeader.length + contentSizeBytes + dictionaryBytes,
  };
}

/** Decompresses `bytes[start, end)`, which hold no more than `largest`. */
function decompressBlock(bytes: Buffer, start: number, end: number, largest: number): Buffer {
  // The library wants the size in front. It makes a buffer of that size, and cuts it to what came out.
  const sized = Buffer.allocUnsafe(4 + end - start);
  // A length grows by at most 255 with each byte.
  sized.writeUInt32LE(Math.min(largest, 255 * (end - start)), 0);
  bytes.copy(sized, 4, start, end);
  const content = library().uncompressSync(sized);
  releaseMemory(sized);
  return content;
}

function corrupt(message: string, position: number): DecodeError {
  return new DecodeError("DECOMPRESSION_FAILED", message, position);
}
