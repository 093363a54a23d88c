import { DecodeError } from "../../errors.ts";
import { type Message, message } from "../api.ts";
import { Reader, Writer } from "../bytes.ts";
import { type Decoded, type Encodable, type Fields, struct } from "../schema.ts";
import { accessRecords } from "./metadata-access-records.ts";
import { clusterRecords } from "./metadata-cluster-records.ts";
import type { RecordShape } from "./metadata-record-shape.ts";
import { topicRecords } from "./metadata-topic-records.ts";

const shapes = { ...topicRecords, ...clusterRecords, ...accessRecords };
type Shapes = typeof shapes;

/** The names of the records in `__cluster_metadata`, as Kafka's schemas have them. */
export type MetadataRecordName = keyof Shapes;

type FieldsOf<S> = S extends RecordShape<infer F extends Fields> ? F : never;

/** A record of `__cluster_metadata` as decoding gives it: all fields are there. */
export type MetadataRecord = {
  [N in MetadataRecordName]: { readonly name: N; readonly value: Decoded<FieldsOf<Shapes[N]>> };
}[MetadataRecordName];

/** A record of `__cluster_metadata` to be encoded; `version` is the newest one if left out. */
export type MetadataRecordIn = {
  [N in MetadataRecordName]: {
    readonly name: N;
    readonly version?: number | undefined;
    readonly value: Encodable<FieldsOf<Shapes[N]>>;
  };
}[MetadataRecordName];

interface Codec {
  readonly name: MetadataRecordName;
  readonly key: number;
  readonly newest: number;
  readonly message: Message<unknown, unknown>;
}

const codecs = Object.entries(shapes).map(([name, { key, newest, fields }]): Codec => {
  const form = { name, versions: [0, newest] as const, isFlexible: () => true };
  const codec = message(form, struct<Fields>(fields)) as Message<unknown, unknown>;
  return { name: name as MetadataRecordName, key, newest, message: codec };
});
const codecByName = new Map(codecs.map((codec) => [codec.name, codec]));
const codecByKey = new Map(codecs.map((codec) => [codec.key, codec]));

/** The framing that Kafka has written since 3.0 (`AbstractApiMessageSerde`). */
const frameVersion = 1;

/** Gives the bytes of a metadata record: frame version, API key and version, then the message. */
export function encodeMetadataRecord(record: MetadataRecordIn): Buffer {
  const codec = codecByName.get(record.name) as Codec;
  const version = record.version ?? codec.newest;
  const writer = new Writer();
  writer.unsignedVarint(frameVersion);
  writer.unsignedVarint(codec.key);
  writer.unsignedVarint(version);
  codec.message.encode(writer, version, record.value);
  return writer.toBuffer();
}

/**
 * Reads a metadata record. Throws a {@link DecodeError} on another frame version, on a key or version
 * that Kafka 4.3 does not have, and on bytes that are left over.
 */
export function decodeMetadataRecord(bytes: Buffer): MetadataRecord {
  const reader = new Reader(bytes);
  const frame = reader.unsignedVarint();
  if (frame !== frameVersion) throw unknown(`frame version ${frame}`, 0);
  const key = reader.unsignedVarint();
  const version = reader.unsignedVarint();
  const codec = codecByKey.get(key);
  if (codec === undefined) throw unknown(`API key ${key}`, reader.position);
  if (version > codec.newest) throw unknown(`version ${version} of ${codec.name}`, reader.position);
  const value = codec.message.decode(reader, version);
  if (reader.remaining > 0) throw unknown(`${reader.remaining} bytes after it`, reader.position);
  return { name: codec.name, value } as MetadataRecord;
}

function unknown(what: string, position: number): DecodeError {
  return new DecodeError("INVALID_VALUE", `a metadata record has ${what}`, position);
}
