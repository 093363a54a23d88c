import { DecodeError } from "../../errors.ts";
import { crc32c, ProducerSnapshot, Reader, Writer } from "../../protocol/index.ts";
import { ProducerEntry } from "./producer-entry.ts";

const version = 1;
/** The snapshot's version and its checksum come first; the checksum covers what follows. */
const crcAt = 2;
const entriesAt = 6;

/** The bytes of Kafka's `.snapshot` file for these producers. */
export function encodeProducers(producers: ReadonlyMap<number, ProducerEntry>): Buffer {
  const producerEntries = [...producers].map(([producerId, entry]) => ({
    producerId,
    epoch: entry.producerEpoch,
    lastSequence: entry.lastSequence,
    lastOffset: entry.lastDataOffset,
    offsetDelta: entry.lastOffsetDelta,
    timestamp: entry.lastTimestamp,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnFirstOffset: entry.transactionStart,
  }));
  const writer = new Writer();
  writer.int16(version);
  ProducerSnapshot.encode(writer, version, { crc: 0, producerEntries });
  const bytes = writer.toBuffer();
  bytes.writeUInt32BE(crc32c(bytes, entriesAt), crcAt);
  return bytes;
}

/** Undoes {@link encodeProducers}; throws a {@link DecodeError} if the bytes are not whole. */
export function decodeProducers(bytes: Buffer): Map<number, ProducerEntry> {
  const reader = new Reader(bytes);
  const found = reader.int16();
  if (found !== version) {
    throw new DecodeError("INVALID_VALUE", `a producer snapshot is of version ${found}`, 0);
  }
  const { crc, producerEntries } = ProducerSnapshot.decode(reader, version);
  const actual = crc32c(bytes, entriesAt);
  if (crc !== actual) {
    const message = `a producer snapshot has the checksum ${crc}, its bytes give ${actual}`;
    throw new DecodeError("INVALID_VALUE", message, crcAt);
  }
  const producers = new Map<number, ProducerEntry>();
  for (const one of producerEntries) {
    const { epoch, lastSequence, lastOffset, offsetDelta, timestamp } = one;
    const entry = new ProducerEntry();
    if (lastOffset >= 0) entry.addBatch(epoch, lastSequence, lastOffset, offsetDelta, timestamp);
    entry.producerEpoch = epoch;
    entry.lastTimestamp = timestamp;
    entry.coordinatorEpoch = one.coordinatorEpoch;
    entry.transactionStart = one.currentTxnFirstOffset;
    producers.set(one.producerId, entry);
  }
  return producers;
}
