import type { Clock } from "../../clock.ts";
import { DecodeError } from "../../errors.ts";
import {
  ApiVersions,
  decodeRequestHeader,
  hasFlexibleResponseHeader,
  Reader,
  type RequestHeader,
  Writer,
} from "../../protocol/index.ts";
import type { Handler } from "../handlers/handler.ts";
import { RequestTally } from "../metrics/request-tally.ts";

/** A request that has been read, and who serves it. */
export interface IncomingRequest {
  readonly header: RequestHeader;
  readonly handler: Handler;
  /** Undefined for ApiVersions in a version that is not known: its form is unknown, too (KIP-511). */
  readonly body: unknown;
  /** When it was read, by the clock's `elapsed`. */
  readonly readAt: number;
}

const unsupportedVersion = 35;

/**
 * Reads requests from frames and writes their answers, by the table of handlers. What cannot be read
 * (an unknown key or version, a body that makes no sense) throws a {@link DecodeError}, upon which the
 * connection is to be closed without an answer, as Kafka's `SocketServer` does.
 */
export class Dispatch {
  readonly #clock: Clock;
  readonly #handlers = new Map<number, Handler>();
  readonly #tallies = new Map<Handler, RequestTally>();
  readonly #isFlexible = (key: number, version: number): boolean =>
    this.#handlers.get(key)?.api.isFlexible(version) ?? false;

  constructor(handlers: readonly Handler[], clock: Clock) {
    this.#clock = clock;
    for (const handler of handlers) {
      this.#handlers.set(handler.api.key, handler);
      this.#tallies.set(handler, new RequestTally(handler.api));
    }
  }

  /** What was counted of each API's requests. */
  get tallies(): readonly RequestTally[] {
    return [...this.#tallies.values()];
  }

  decode(frame: Buffer): IncomingRequest {
    const reader = new Reader(frame);
    const header = decodeRequestHeader(reader, this.#isFlexible);
    const { apiKey, apiVersion } = header;
    const readAt = this.#clock.elapsed();
    const handler = this.#handlers.get(apiKey);
    if (handler === undefined || !isServed(handler, apiVersion)) {
      if (handler !== undefined && apiKey === ApiVersions.key) {
        return { header, handler, body: undefined, readAt };
      }
      const message = `a request with key ${apiKey} in version ${apiVersion}, which this broker does not serve`;
      throw new DecodeError("INVALID_VALUE", message, 0);
    }
    const body = handler.api.request.decode(reader, apiVersion);
    (this.#tallies.get(handler) as RequestTally).count += 1;
    return { header, handler, body, readAt };
  }

  /** The answer as the pieces that are to be sent, its length in front. */
  encode({ header, handler, body, readAt }: IncomingRequest, answer: unknown): Buffer[] {
    const { correlationId, apiVersion } = header;
    const writer = new Writer();
    writer.int32(0);
    writer.int32(correlationId);
    if (body === undefined) {
      ApiVersions.response.encode(writer, 0, this.#unsupportedApiVersions());
    } else {
      if (hasFlexibleResponseHeader(handler.api, apiVersion)) writer.unsignedVarint(0);
      handler.api.response.encode(writer, apiVersion, answer as never);
    }
    const { length } = writer;
    const parts = writer.parts();
    (parts[0] as Buffer).writeInt32BE(length - 4, 0);
    if (body !== undefined) {
      this.#tallies.get(handler)?.answered(this.#clock.elapsed() - readAt, answer);
    }
    return parts;
  }

  #unsupportedApiVersions() {
    const [minVersion, maxVersion] = ApiVersions.versions;
    const apiKeys = [{ apiKey: ApiVersions.key, minVersion, maxVersion }];
    return { errorCode: unsupportedVersion, apiKeys };
  }
}

/** Produce is told of from version 0 on and served from 3 on, so both ranges count. */
function isServed({ versions, api }: Handler, version: number): boolean {
  return (
    version >= Math.max(versions[0], api.versions[0]) &&
    version <= Math.min(versions[1], api.versions[1])
  );
}
