import { DecodeError, MillraceError } from "../errors.ts";
import { type Reader, Writer } from "./bytes.ts";
import type { Codec, Form, Type } from "./wire-type.ts";

/** A field that some versions lack, or that has a default. */
export interface Field<Out, In = Out> {
  readonly type: Type<Out, In>;
  /** What decoding gives where the version lacks the field, and encoding writes where it is left out. */
  readonly default: Out;
  /** The first and the last version that have the field. */
  readonly from: number;
  readonly to: number;
  /** Set for a tagged field (KIP-482), which travels only when it differs from the default. */
  readonly tag: number | undefined;
  /** Whether a value is dropped silently where the version lacks the field; otherwise that is an error. */
  readonly ignorable: boolean;
}

/** Fields of a message in the protocol's order; a plain type is there in all versions. */
// biome-ignore lint/suspicious/noExplicitAny: a table of mixed types needs both its letters open
export type Fields = { readonly [name: string]: Type<any, any> | Field<any, any> };

type OutOf<F> =
  F extends Field<infer Out, infer _In> ? Out : F extends Type<infer Out, infer _In> ? Out : never;
type InOf<F> =
  F extends Field<infer _Out, infer In> ? In : F extends Type<infer _Out, infer In> ? In : never;
type Optional<F extends Fields> = {
  [N in keyof F]: F[N] extends Type<infer _Out, infer _In> ? never : N;
}[keyof F];

/** What decoding a struct of these fields gives. */
export type Decoded<F extends Fields> = { -readonly [N in keyof F]: OutOf<F[N]> };
/** What encoding a struct of these fields takes: fields with a default may be left out. */
export type Encodable<F extends Fields> = {
  readonly [N in Exclude<keyof F, Optional<F>>]: InOf<F[N]>;
} & { readonly [N in Optional<F>]?: InOf<F[N]> | undefined };

/** Where a decoded object keeps the tagged fields its schema does not know, if the reader keeps them. */
export const unknownTags: unique symbol = Symbol("unknown tagged fields");

/** One tagged field that the schema does not know. */
export interface UnknownTag {
  readonly tag: number;
  readonly data: Buffer;
}

/** Whether a value that the version cannot carry is refused, or silently left out. */
export type Absence = "refused" | "ignorable";

/** A field that versions from `from` on have. */
export function since<Out, In>(
  from: number,
  type: Type<Out, In>,
  value: Out,
  absence: Absence = "refused",
): Field<Out, In> {
  return between(from, Number.POSITIVE_INFINITY, type, value, absence);
}

/** A field that versions `from` to `to` have, both included. */
export function between<Out, In>(
  from: number,
  to: number,
  type: Type<Out, In>,
  value: Out,
  absence: Absence = "refused",
): Field<Out, In> {
  const ignorable = absence === "ignorable";
  return { type, default: frozen(value), from, to, tag: undefined, ignorable };
}

/** A field that all versions have and that may be left out when encoding. */
export function defaulted<Out, In>(type: Type<Out, In>, value: Out): Field<Out, In> {
  return since(0, type, value);
}

/** A tagged field (KIP-482) that flexible versions from `from` on may carry. */
export function tagged<Out, In>(
  tag: number,
  from: number,
  type: Type<Out, In>,
  value: Out,
  absence: Absence = "refused",
): Field<Out, In> {
  return { ...since(from, type, value, absence), tag };
}

/** Fields one after the other; in flexible versions tagged fields follow. */
export function struct<F extends Fields>(fields: F): Type<Decoded<F>, Encodable<F>> {
  const all = Object.entries(fields).map(([name, entry]) => namedField(name, entry));
  const cache = new Map<number, Codec<Values>>();
  const type: Type<Values> = {
    fields: new Map(all.map((field) => [field.name, field.type])),
    at(form) {
      const key = form.version * 2 + (form.flexible ? 1 : 0);
      const codec = cache.get(key) ?? structCodec(all, form);
      cache.set(key, codec);
      return codec;
    },
  };
  return type as unknown as Type<Decoded<F>, Encodable<F>>;
}

/** A struct or null: one byte says which. For a tagged field there is {@link taggedNullableStruct}. */
export function nullableStruct<F extends Fields>(
  fields: F,
): Type<Decoded<F> | null, Encodable<F> | null> {
  return structOrNull(fields, {
    decode: (reader) => reader.int8() >= 0,
    encode: (writer, isThere) => writer.int8(isThere ? 1 : -1),
  });
}

/** A struct or null inside a tagged field, where an unsigned varint says which: 1 or 0. */
export function taggedNullableStruct<F extends Fields>(
  fields: F,
): Type<Decoded<F> | null, Encodable<F> | null> {
  return structOrNull(fields, {
    decode: (reader) => reader.unsignedVarint() > 0,
    encode: (writer, isThere) => writer.unsignedVarint(isThere ? 1 : 0),
  });
}

function structOrNull<F extends Fields>(
  fields: F,
  presence: Codec<boolean>,
): Type<Decoded<F> | null, Encodable<F> | null> {
  const type = struct(fields);
  return {
    fields: type.fields,
    at(form) {
      const codec = type.at(form);
      return {
        decode: (reader) => (presence.decode(reader) ? codec.decode(reader) : null),
        encode(writer, value) {
          presence.encode(writer, value !== null);
          if (value !== null) codec.encode(writer, value);
        },
      };
    },
  };
}

/** All decoded messages share a default, so none may change it. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

type Values = { [name: string]: unknown; [unknownTags]?: readonly UnknownTag[] };
interface NamedField extends Field<unknown> {
  readonly name: string;
  readonly required: boolean;
}
interface Part extends NamedField {
  readonly codec: Codec<unknown>;
}

function namedField(name: string, entry: Fields[string]): NamedField {
  if ("type" in entry) return { ...entry, name, required: false };
  return { ...defaulted<unknown, unknown>(entry, undefined), name, required: true };
}

function structCodec(all: readonly NamedField[], form: Form): Codec<Values> {
  const isPresent = (field: NamedField) =>
    field.from <= form.version &&
    form.version <= field.to &&
    (field.tag === undefined || form.flexible);
  const withCodec = (field: NamedField): Part => ({ ...field, codec: field.type.at(form) });
  const present = all.filter(isPresent).map(withCodec);
  const absent = all.filter((field) => !isPresent(field));
  const plain = present.filter(({ tag }) => tag === undefined);
  const tags = taggedParts(present);
  const defaults = [...absent, ...present.filter(({ tag }) => tag !== undefined)];
  return {
    decode(reader) {
      const values: Values = {};
      for (const { name, codec } of plain) values[name] = codec.decode(reader);
      for (const field of defaults) values[field.name] = field.default;
      if (form.flexible) decodeTags(reader, tags, values);
      return values;
    },
    encode(writer, values) {
      for (const { name, required, codec, default: fallback } of plain) {
        const value = values[name];
        if (value === undefined && required) {
          throw new MillraceError("INVALID_ARGUMENT", `the message lacks its field "${name}"`);
        }
        codec.encode(writer, value === undefined ? fallback : value);
      }
      for (const field of absent) refuseLoss(field, values[field.name], form.version);
      if (form.flexible) encodeTags(writer, tags, values);
    },
  };
}

/** A value that the version cannot carry must be the default, unless the protocol lets it go. */
function refuseLoss(field: NamedField, value: unknown, version: number): void {
  if (value === undefined || field.ignorable || isSame(value, field.default)) return;
  const message = `version ${version} of the message cannot carry "${field.name}"; the broker is too old for it`;
  throw new MillraceError("UNSUPPORTED_VERSION", message);
}

function isSame(value: unknown, fallback: unknown): boolean {
  return value === fallback || JSON.stringify(value) === JSON.stringify(fallback);
}

interface TaggedPart extends Part {
  readonly tag: number;
  /** The default as it would travel: what equals it is left out. */
  readonly defaultBytes: Buffer;
}

function taggedParts(present: readonly Part[]): TaggedPart[] {
  const parts: TaggedPart[] = [];
  for (const part of present) {
    if (part.tag === undefined) continue;
    const writer = new Writer();
    part.codec.encode(writer, part.default);
    parts.push({ ...part, tag: part.tag, defaultBytes: writer.toBuffer() });
  }
  return parts;
}

function decodeTags(reader: Reader, parts: readonly TaggedPart[], values: Values): void {
  const count = reader.unsignedVarint();
  reader.checkCount(count);
  const unknown: UnknownTag[] = [];
  for (let index = 0; index < count; index += 1) {
    const tag = reader.unsignedVarint();
    const size = reader.unsignedVarint();
    reader.checkCount(size);
    const start = reader.position;
    const part = parts.find((one) => one.tag === tag);
    if (part === undefined) {
      const data = reader.bytes(size);
      if (reader.keepUnknownTags) unknown.push({ tag, data });
      continue;
    }
    values[part.name] = part.codec.decode(reader);
    if (reader.position !== start + size) {
      const message = `tagged field ${tag} announces ${size} bytes and has ${reader.position - start}`;
      throw new DecodeError("INVALID_LENGTH", message, start);
    }
  }
  if (unknown.length > 0) values[unknownTags] = unknown;
}

function encodeTags(writer: Writer, parts: readonly TaggedPart[], values: Values): void {
  const chosen: UnknownTag[] = [...(values[unknownTags] ?? [])];
  for (const { name, tag, codec, default: fallback, defaultBytes } of parts) {
    const value = values[name];
    if (value === undefined || value === fallback) continue;
    const inner = new Writer();
    codec.encode(inner, value);
    const data = inner.toBuffer();
    if (!data.equals(defaultBytes)) chosen.push({ tag, data });
  }
  writer.unsignedVarint(chosen.length);
  for (const { tag, data } of chosen.sort((left, right) => left.tag - right.tag)) {
    writer.unsignedVarint(tag);
    writer.unsignedVarint(data.length);
    writer.bytes(data);
  }
}
