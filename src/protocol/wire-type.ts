import { DecodeError, MillraceError } from "../errors.ts";
import type { Reader, Writer } from "./bytes.ts";

/** The shape a message has in one version: which fields are there, and whether they are compact (KIP-482). */
export interface Form {
  readonly version: number;
  readonly flexible: boolean;
}

/** Reads and writes values of one type in one version. */
export interface Codec<Out, In = Out> {
  decode(reader: Reader): Out;
  encode(writer: Writer, value: In): void;
}

/**
 * A type of the protocol, over all versions of the message it stands in. `Out` is what decoding
 * gives, `In` is what encoding takes: the same but for fields with defaults, which may be left out.
 */
export interface Type<Out, In = Out> {
  /** The codec for one version. */
  at(form: Form): Codec<Out, In>;
  /** The types of a struct's fields by their names, so that messages can be looked through. */
  readonly fields?: ReadonlyMap<string, Type<unknown>> | undefined;
  /** The type of a list's elements, to the same end. */
  readonly elements?: Type<unknown> | undefined;
}

function fixed<T>(
  decode: (reader: Reader) => T,
  encode: (writer: Writer, value: T) => void,
): Type<T> {
  const codec: Codec<T> = { decode, encode };
  return { at: () => codec };
}

/** A byte that is 0 or 1. */
export const boolean: Type<boolean> = fixed(
  (reader) => reader.boolean(),
  (writer, value) => writer.boolean(value),
);
/** A signed integer of one byte. */
export const int8: Type<number> = fixed(
  (reader) => reader.int8(),
  (writer, value) => writer.int8(value),
);
/** A signed integer of two bytes. */
export const int16: Type<number> = fixed(
  (reader) => reader.int16(),
  (writer, value) => writer.int16(value),
);
/** An unsigned integer of two bytes. */
export const uint16: Type<number> = fixed(
  (reader) => reader.uint16(),
  (writer, value) => writer.uint16(value),
);
/** A signed integer of four bytes. */
export const int32: Type<number> = fixed(
  (reader) => reader.int32(),
  (writer, value) => writer.int32(value),
);
/** An unsigned integer of four bytes. */
export const uint32: Type<number> = fixed(
  (reader) => reader.uint32(),
  (writer, value) => writer.uint32(value),
);
/** A signed integer of eight bytes, as a number: a safe integer or one of the two sentinels. */
export const int64: Type<number> = fixed(
  (reader) => reader.int64(),
  (writer, value) => writer.int64(value),
);
/** A double of eight bytes. */
export const float64: Type<number> = fixed(
  (reader) => reader.float64(),
  (writer, value) => writer.float64(value),
);
/** A UUID in its usual text form; all zeros stands for none. */
export const uuid: Type<string> = fixed(
  (reader) => reader.uuid(),
  (writer, value) => writer.uuid(value),
);

/** How the content of a type with a length prefix is laid out. */
interface Content<Out, In> {
  length(value: In): number;
  decode(reader: Reader, length: number): Out;
  encode(writer: Writer, value: In, length: number): void;
}

const textContent: Content<string, string> = {
  length: (value) => Buffer.byteLength(value),
  decode: (reader, length) => reader.text(length),
  encode: (writer, value, length) => writer.text(value, length),
};

const bytesContent: Content<Buffer, Uint8Array> = {
  length: (value) => value.length,
  decode: (reader, length) => reader.bytes(length),
  encode: (writer, value) => writer.bytes(value),
};

function arrayContent<Out, In>(item: Codec<Out, In>): Content<Out[], readonly In[]> {
  return {
    length: (items) => items.length,
    decode(reader, count) {
      reader.checkCount(count);
      const items: Out[] = [];
      for (let index = 0; index < count; index += 1) items.push(item.decode(reader));
      return items;
    },
    encode(writer, items) {
      for (const one of items) item.encode(writer, one);
    },
  };
}

/** Text; compact in flexible versions. */
export const string: Type<string> = sized(2, () => textContent);
/** Text or null; compact in flexible versions. */
export const nullableString: Type<string | null> = nullableSized(2, () => textContent);
/** Text that may be null from version `from` on; before, encoding null throws. */
export function nullableStringSince(from: number): Type<string | null> {
  return nullableSized(2, () => textContent, from);
}
/** Bytes, as a slice of the frame; compact in flexible versions. */
export const bytes: Type<Buffer, Uint8Array> = sized(4, () => bytesContent);
/** Bytes or null, as a slice of the frame; compact in flexible versions. */
export const nullableBytes: Type<Buffer | null, Uint8Array | null> = nullableSized(
  4,
  () => bytesContent,
);

/** A list; compact in flexible versions. */
export function array<Out, In>(item: Type<Out, In>): Type<Out[], readonly In[]> {
  return { ...sized(4, (form) => arrayContent(item.at(form))), elements: item as Type<unknown> };
}

/** A list that may be null from version `from` on; before, encoding null throws. */
export function nullableArray<Out, In>(
  item: Type<Out, In>,
  from = 0,
): Type<Out[] | null, readonly In[] | null> {
  const type = nullableSized(4, (form) => arrayContent(item.at(form)), from);
  return { ...type, elements: item as Type<unknown> };
}

function sized<Out, In>(prefix: 2 | 4, contentAt: (form: Form) => Content<Out, In>): Type<Out, In> {
  return {
    at(form) {
      const content = contentAt(form);
      return {
        decode(reader) {
          const length = readLength(reader, form, prefix);
          if (length < 0) {
            throw new DecodeError(
              "INVALID_LENGTH",
              "a field is null that must not be",
              reader.position,
            );
          }
          return content.decode(reader, length);
        },
        encode(writer, value) {
          const length = content.length(value);
          writeLength(writer, form, prefix, length);
          content.encode(writer, value, length);
        },
      };
    },
  };
}

function nullableSized<Out, In>(
  prefix: 2 | 4,
  contentAt: (form: Form) => Content<Out, In>,
  from = 0,
): Type<Out | null, In | null> {
  const required = sized(prefix, contentAt) as Type<Out | null, In | null>;
  return {
    at(form) {
      if (form.version < from) return refusingNull(required.at(form), form.version, from);
      const content = contentAt(form);
      return {
        decode(reader) {
          const length = readLength(reader, form, prefix);
          return length < 0 ? null : content.decode(reader, length);
        },
        encode(writer, value) {
          const length = value === null ? -1 : content.length(value);
          writeLength(writer, form, prefix, length);
          if (value !== null) content.encode(writer, value, length);
        },
      };
    },
  };
}

function refusingNull<Out, In>(
  codec: Codec<Out, In | null>,
  version: number,
  from: number,
): Codec<Out, In | null> {
  return {
    decode: (reader) => codec.decode(reader),
    encode(writer, value) {
      if (value === null) {
        const message = `version ${version} of the message cannot carry null where version ${from} can`;
        throw new MillraceError("UNSUPPORTED_VERSION", message);
      }
      codec.encode(writer, value);
    },
  };
}

/** The most bytes that text may have, in compact form too: Kafka refuses more. */
const maxTextLength = 0x7fff;

/** A length, or −1 for null; compact forms carry it plus one. */
function readLength(reader: Reader, form: Form, prefix: 2 | 4): number {
  const at = reader.position;
  if (form.flexible) {
    const length = reader.unsignedVarint() - 1;
    if (prefix === 2 && length > maxTextLength) {
      throw new DecodeError("INVALID_LENGTH", `a text has ${length} bytes`, at);
    }
    return length;
  }
  const length = prefix === 2 ? reader.int16() : reader.int32();
  if (length < -1) throw new DecodeError("INVALID_LENGTH", `a length is negative: ${length}`, at);
  return length;
}

function writeLength(writer: Writer, form: Form, prefix: 2 | 4, length: number): void {
  if (prefix === 2 && length > maxTextLength) {
    const message = `a text of ${length} bytes is longer than the ${maxTextLength} that a message can carry`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
  if (form.flexible) writer.unsignedVarint(length + 1);
  else if (prefix === 2) writer.int16(length);
  else writer.int32(length);
}
