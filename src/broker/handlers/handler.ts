import type { Api } from "../../protocol/index.ts";
import type { RequestContext } from "../server/request-context.ts";
import type { BrokerServices } from "../services.ts";

/** How a broker serves one API. */
export interface Handler {
  readonly api: Api<never, never, never, never>;
  /** The versions that clients are told of. */
  readonly versions: readonly [oldest: number, newest: number];
  /**
   * Gives the answer, at once where it can. `undefined` means that none is sent (Produce with acks 0).
   * What it throws is answered by {@link Handler.refuse}, or ends the connection; what is not a
   * `BrokerError` becomes UNKNOWN_SERVER_ERROR and is logged.
   */
  handle(request: never, context: RequestContext, services: BrokerServices): unknown;
  /** The answer that carries an error for all of the request; left out where the handler sees to all errors. */
  readonly refuse?: ((errorCode: number, request: never) => unknown) | undefined;
}

/** Declares a handler with the types of its API. */
export function handler<Request, RequestIn, Response, ResponseIn>(
  api: Api<Request, RequestIn, Response, ResponseIn>,
  handle: (
    request: Request,
    context: RequestContext,
    services: BrokerServices,
  ) => ResponseIn | undefined | Promise<ResponseIn | undefined>,
  versions: readonly [number, number] = [api.versions[0], api.newestStable],
  refuse?: (errorCode: number, request: Request) => ResponseIn,
): Handler {
  return { api, versions, handle, refuse } as unknown as Handler;
}
