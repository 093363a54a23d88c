import { Reader, Writer } from "../../protocol/index.ts";

/** What is committed along with the offset of an input partition. */
export interface OffsetMetadata {
  /** The greatest timestamp taken from the partition, in milliseconds since 1970; −1 for none. */
  readonly partitionTime: number;
  /** The task's own notes, by the names that its nodes gave them. */
  readonly processorMetadata: ReadonlyMap<string, number>;
}

const magic = 2;
/** Commits of Kafka Streams before 3.3 end with the time. */
const magicOfTimeOnly = 1;
/** The magic, the time and the number of notes. */
const headBytes = 13;
/** The length of a note's name, and the note. */
const bytesPerNote = 12;

/** As text, in the form of Kafka Streams (`TopicPartitionMetadata`), which takes an application over by it. */
export function encodeOffsetMetadata({ partitionTime, processorMetadata }: OffsetMetadata): string {
  const writer = new Writer(headBytes);
  writer.int8(magic);
  writer.int64(partitionTime);
  if (processorMetadata.size > 0) {
    writer.int32(processorMetadata.size);
    for (const [name, note] of processorMetadata) {
      const bytes = Buffer.from(name);
      writer.int32(bytes.length);
      writer.bytes(bytes);
      writer.int64(note);
    }
  }
  return writer.toBuffer().toString("base64");
}

/** From text; what is not of this form says nothing, as in Kafka Streams. */
export function decodeOffsetMetadata(text: string): OffsetMetadata {
  const bytes = Buffer.from(text, "base64");
  const [version] = bytes;
  if (bytes.length < 9 || (version !== magic && version !== magicOfTimeOnly)) return nothing;
  try {
    const reader = new Reader(bytes);
    reader.int8();
    const partitionTime = reader.int64();
    return { partitionTime, processorMetadata: version === magic ? notes(reader, bytes) : noNotes };
  } catch {
    return nothing;
  }
}

const noNotes: ReadonlyMap<string, number> = new Map();
const nothing: OffsetMetadata = { partitionTime: -1, processorMetadata: noNotes };

function notes(reader: Reader, bytes: Buffer): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  if (reader.position === bytes.length) return found;
  const count = Math.min(reader.int32(), bytes.length / bytesPerNote);
  for (let index = 0; index < count; index += 1) {
    const length = reader.int32();
    const name = reader.bytes(length).toString();
    found.set(name, reader.int64());
  }
  return found;
}
