import { DecodeError, MillraceError } from "../errors.ts";
import type { Reader, Writer } from "./bytes.ts";
import { type Decoded, type Encodable, type Fields, struct } from "./schema.ts";
import type { Type } from "./wire-type.ts";

/** One kind of request of the Kafka protocol and the answer to it, over all their versions. */
export interface Api<Request, RequestIn, Response, ResponseIn> {
  readonly key: number;
  readonly name: string;
  /** The oldest and the newest version declared. */
  readonly versions: readonly [oldest: number, newest: number];
  /** The newest version that is stable; newer ones are not offered or asked for. */
  readonly newestStable: number;
  readonly request: Message<Request, RequestIn>;
  readonly response: Message<Response, ResponseIn>;
  /** Whether a version uses compact types and tagged fields (KIP-482). */
  isFlexible(version: number): boolean;
}

/** What encoding an API's request takes. */
export type RequestOf<A> = A extends Api<infer _R, infer In, infer _S, infer _T> ? In : never;
/** What decoding an API's response gives. */
export type ResponseOf<A> = A extends Api<infer _R, infer _In, infer Out, infer _T> ? Out : never;

/** One message: a request or a response, without its header. */
export interface Message<Out, In> {
  /** What the message is made of, over all its versions. */
  readonly type: Type<unknown>;
  /** Writes the message's body in the given version. */
  encode(writer: Writer, version: number, value: In): void;
  /** Reads the message's body in the given version; throws a {@link DecodeError} on malformed bytes. */
  decode(reader: Reader, version: number): Out;
}

/** Declares an API: its fields in the protocol's order, from which types and codecs follow. */
export function api<const Q extends Fields, const S extends Fields>({
  key,
  name,
  versions,
  newestStable = versions[1],
  flexible = Number.POSITIVE_INFINITY,
  request,
  response,
}: {
  readonly key: number;
  readonly name: string;
  readonly versions: readonly [oldest: number, newest: number];
  readonly newestStable?: number | undefined;
  /** The first flexible version; none if left out. */
  readonly flexible?: number | undefined;
  readonly request: Q;
  readonly response: S;
}): Api<Decoded<Q>, Encodable<Q>, Decoded<S>, Encodable<S>> {
  const isFlexible = (version: number) => version >= flexible;
  const shape = { name, versions, isFlexible };
  return {
    key,
    name,
    versions,
    newestStable,
    request: message({ ...shape, name: `${name} request` }, struct(request)),
    response: message({ ...shape, name: `${name} response` }, struct(response)),
    isFlexible,
  };
}

/** Declares a message that stands alone, such as the group protocols' subscription and assignment. */
export function message<Out, In>(
  {
    name,
    versions: [oldest, newest],
    isFlexible,
  }: {
    readonly name: string;
    readonly versions: readonly [oldest: number, newest: number];
    readonly isFlexible: (version: number) => boolean;
  },
  type: Type<Out, In>,
): Message<Out, In> {
  const codecAt = (version: number) => {
    if (version < oldest || version > newest) {
      const text = `${name} has versions ${oldest} to ${newest}, not ${version}`;
      throw new MillraceError("UNSUPPORTED_VERSION", text);
    }
    return type.at({ version, flexible: isFlexible(version) });
  };
  return {
    type: type as Type<unknown>,
    encode: (writer, version, value) => codecAt(version).encode(writer, value),
    decode: (reader, version) => codecAt(version).decode(reader),
  };
}

/** What every request begins with. */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

const apiVersionsKey = 18;

/** Writes a request's header: version 2 with tagged fields for flexible requests, else version 1. */
export function encodeRequestHeader(
  writer: Writer,
  header: RequestHeader,
  flexible: boolean,
): void {
  writer.int16(header.apiKey);
  writer.int16(header.apiVersion);
  writer.int32(header.correlationId);
  // The client id keeps its old form in flexible headers too, so that any broker can read it.
  const { clientId } = header;
  const length = clientId === null ? -1 : Buffer.byteLength(clientId);
  writer.int16(length);
  if (clientId !== null) writer.text(clientId, length);
  if (flexible) writer.unsignedVarint(0);
}

/** Reads a request's header; `isFlexible` tells from key and version whether tagged fields follow. */
export function decodeRequestHeader(
  reader: Reader,
  isFlexible: (apiKey: number, apiVersion: number) => boolean,
): RequestHeader {
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const length = reader.int16();
  if (length < -1) {
    throw new DecodeError("INVALID_LENGTH", `a client id's length is ${length}`, reader.position);
  }
  const clientId = length === -1 ? null : reader.text(length);
  if (isFlexible(apiKey, apiVersion)) skipTags(reader);
  return { apiKey, apiVersion, correlationId, clientId };
}

/**
 * Whether the response header of an API has tagged fields. That of ApiVersions never has, so that a
 * client can read it before it knows which versions the broker speaks (KIP-511).
 */
export function hasFlexibleResponseHeader(
  { key, isFlexible }: { readonly key: number; isFlexible(version: number): boolean },
  version: number,
): boolean {
  return key !== apiVersionsKey && isFlexible(version);
}

/** Skips a section of tagged fields. */
export function skipTags(reader: Reader): void {
  const count = reader.unsignedVarint();
  reader.checkCount(count);
  for (let index = 0; index < count; index += 1) {
    reader.unsignedVarint();
    reader.skip(reader.unsignedVarint());
  }
}
