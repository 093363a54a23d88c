import { createRequire } from "node:module";
import { DecodeError } from "../errors.ts";
import { releaseMemory } from "./released-memory.ts";

// Loaded with the first batch that asks for it: most programs never see snappy, and all start faster.
const require = createRequire(import.meta.url);
let loaded: typeof import("snappy") | undefined;

function library(): typeof import("snappy") {
  loaded ??= require("snappy") as typeof import("snappy");
  return loaded;
}

/** What Xerial's stream begins with: its magic, then its version and the oldest compatible one. */
const xerialHeader = Buffer.from("82534e4150505900" + "00000001" + "00000001", "hex");
const magicBytes = 8;
const blockBytes = 32 * 1024;

// Handing the native buffer over instead of copying it costs several times as much, in garbage collection.
const compressOptions = { copyOutputData: true };
const uncompressOptions = { asBuffer: true, copyOutputData: true };

/** Compresses in the framing of Java's `SnappyOutputStream`, the only one that all clients of Kafka read. */
export function compressSnappy(bytes: Buffer): Buffer {
  const parts: Buffer[] = [xerialHeader];
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const block = library().compressSync(
      bytes.subarray(start, start + blockBytes),
      compressOptions,
    );
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** Decompresses Xerial's framing, or a raw snappy block, to at most `limitBytes`. */
export function decompressSnappy(bytes: Buffer, limitBytes: number): Buffer {
  const isFramed =
    bytes.length >= xerialHeader.length &&
    bytes.compare(xerialHeader, 0, magicBytes, 0, magicBytes) === 0;
  if (isFramed) return decompressFramed(bytes, limitBytes);
  checkLimit(rawSize(bytes, 0, bytes.length), limitBytes, 0);
  return decompressBlock(bytes);
}

function decompressFramed(bytes: Buffer, limitBytes: number): Buffer {
  const output = Buffer.allocUnsafeSlow(framedSize(bytes, limitBytes));
  let size = 0;
  for (let at = xerialHeader.length; at < bytes.length; ) {
    const start = at + 4;
    at = start + bytes.readInt32BE(at);
    const block = decompressBlock(bytes.subarray(start, at));
    size += block.copy(output, size);
    releaseMemory(block);
  }
  return output;
}

/** Checks the lengths of all blocks and adds up what they claim to hold. */
function framedSize(bytes: Buffer, limitBytes: number): number {
  let size = 0;
  for (let at = xerialHeader.length; at < bytes.length; ) {
    const start = at + 4;
    const length = start <= bytes.length ? bytes.readInt32BE(at) : -1;
    if (length <= 0 || length > bytes.length - start) {
      const message = "a block of snappy is cut off, or its length is wrong";
      throw new DecodeError("DECOMPRESSION_FAILED", message, at);
    }
    size += rawSize(bytes, start, start + length);
    checkLimit(size, limitBytes, start);
    at = start + length;
  }
  return size;
}

/** The decompressed size a raw block claims, in the varint that it begins with. */
function rawSize(bytes: Buffer, start: number, end: number): number {
  let size = 0;
  for (let index = 0; index < 5 && start + index < end; index += 1) {
    const byte = bytes[start + index] as number;
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    // Three bytes stand for at most 64, so a larger claim is a lie and would only cost memory.
    if (size <= 22 * (end - start)) return size;
    break;
  }
  const message = "a block of snappy claims a size that it cannot have";
  throw new DecodeError("DECOMPRESSION_FAILED", message, start);
}

function checkLimit(size: number, limitBytes: number, position: number): void {
  if (size <= limitBytes) return;
  const message = `snappy holds ${size} bytes, more than the ${limitBytes} allowed`;
  throw new DecodeError("TOO_LARGE", message, position);
}

function decompressBlock(block: Buffer): Buffer {
  return library().uncompressSync(block, uncompressOptions) as Buffer;
}
