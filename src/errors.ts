import type { BrokerErrorCode } from "./broker-error-code.ts";

/** Codes of a plain {@link MillraceError}: what arose in this library rather than at a broker or on the way. */
export type MillraceErrorCode =
  /** The caller's signal was aborted; `cause` has its reason. */
  | "ABORTED"
  /** The object has been closed. */
  | "CLOSED"
  /** An argument or setting cannot be; the message names it. */
  | "INVALID_ARGUMENT"
  /** The operation is not allowed in the object's present state. */
  | "INVALID_STATE"
  /** The operation's deadline has passed. */
  | "TIMED_OUT"
  /** A record could not be delivered within `deliveryTimeoutMs`. */
  | "DELIVERY_TIMED_OUT"
  /** The producer has no room for more, and its caller did not wait for any: await what `enqueue` returns. */
  | "BUFFER_FULL"
  /** The record belonged to a transaction that was aborted before the record was sent. */
  | "TRANSACTION_ABORTED"
  /** There is no committed offset, or it is out of range, and `autoOffsetReset` is "none". */
  | "NO_OFFSET"
  /** The log was truncated below the consumer's position, and `autoOffsetReset` is "none" (KIP-320). */
  | "LOG_TRUNCATED"
  /** A record is larger than a request may be. */
  | "RECORD_TOO_LARGE"
  /** The partitions belong to another member of the group by now. */
  | "PARTITIONS_LOST"
  /** A node of a topology, or a function given to it, threw; `cause` has the error. */
  | "PROCESSING_FAILED"
  /** A record of a streams application could not be deserialized; `cause` has the error. */
  | "DESERIALIZATION_FAILED"
  /** A record of a streams application could not be serialized or written; `cause` has the error. */
  | "PRODUCTION_FAILED"
  /** Another instance that runs keeps its state in the same directory. */
  | "STATE_DIRECTORY_LOCKED"
  /** A topic that a streams application reads is not there, or no topic matches its pattern: create it first. */
  | "MISSING_SOURCE_TOPIC"
  /** An internal topic of a streams application has another number of partitions than its topology needs. */
  | "INVALID_INTERNAL_TOPIC"
  /** The broker does not know the API, or not in a version that can carry what was asked. */
  | "UNSUPPORTED_VERSION";

/** Codes of a {@link ConnectionError}. */
export type ConnectionErrorCode =
  | "ADDRESS_NOT_FOUND"
  | "CONNECTION_REFUSED"
  | "CONNECTION_LOST"
  | "CONNECT_TIMED_OUT"
  | "REQUEST_TIMED_OUT"
  | "NO_BROKER_REACHABLE"
  | "TLS_FAILED"
  | "SASL_FAILED";

/** Codes of a {@link DecodeError}. */
export type DecodeErrorCode =
  | "TRUNCATED"
  | "INVALID_LENGTH"
  | "INVALID_VARINT"
  | "INVALID_VALUE"
  | "INTEGER_TOO_LARGE"
  | "CORRUPT_BATCH"
  | "UNSUPPORTED_MAGIC"
  | "UNKNOWN_CODEC"
  | "DECOMPRESSION_FAILED"
  | "TOO_LARGE";

/** Codes of a {@link TopologyError}. */
export type TopologyErrorCode =
  /** Two nodes, stores or sources of one topic have the same name. */
  | "NAME_TAKEN"
  /** A name has characters that Kafka does not allow, or is too long. */
  | "INVALID_NAME"
  /** A parent, child or store is named that does not exist. */
  | "UNKNOWN_NODE"
  | "UNKNOWN_STORE"
  /** A node asks for a store that it is not connected to. */
  | "STORE_NOT_CONNECTED"
  /** Nothing says how keys or values become bytes. */
  | "MISSING_SERDE"
  /** A store or internal topic has no name although names are required. */
  | "UNNAMED"
  /** A store keeps its rows for a shorter time than the windows above it need. */
  | "RETENTION_TOO_SHORT"
  /** Topics that are joined have different numbers of partitions. */
  | "NOT_COPARTITIONED"
  /** Anything else that cannot be built; the message says why. */
  | "INVALID_TOPOLOGY";

/** Every code that an error of this library can bear. */
export type ErrorCode =
  | MillraceErrorCode
  | ConnectionErrorCode
  | DecodeErrorCode
  | TopologyErrorCode
  | BrokerErrorCode;

/** The root of this library's errors: `code` is for programs, `message` tells a person what to do. */
export class MillraceError extends Error {
  override readonly name: string = "MillraceError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The way to a broker failed: address, connection, TLS, SASL or a deadline. */
export class ConnectionError extends MillraceError {
  override readonly name = "ConnectionError";
  declare readonly code: ConnectionErrorCode;

  constructor(code: ConnectionErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A broker said no. `code` is Kafka's name for the error. */
export class BrokerError extends MillraceError {
  override readonly name = "BrokerError";
  declare readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Bytes made no sense. */
export class DecodeError extends MillraceError {
  override readonly name = "DecodeError";
  declare readonly code: DecodeErrorCode;
  /** Where in the frame or batch the trouble was found, in bytes from its start. */
  readonly position: number;

  constructor(code: DecodeErrorCode, message: string, position: number, options?: ErrorOptions) {
    super(code, `${message} (at byte ${position})`, options);
    this.position = position;
  }
}

/** A topology cannot be built, or a node of it asked for what it has no part in: a mistake in the program. */
export class TopologyError extends MillraceError {
  override readonly name = "TopologyError";
  declare readonly code: TopologyErrorCode;

  constructor(code: TopologyErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** What somebody's code threw, as text: mostly an error's message, though anything can be thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
