import type { Server } from "./network.ts";

/** What a program answers to one request. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Where to listen for requests. */
export interface HttpAddress {
  /** A name or address of this machine. */
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** Gives the answer to a request; `path` is without what follows a question mark. */
export type HttpHandler = (method: string, path: string) => HttpAnswer;

/** How many connections may stand at once, how long a request may take to arrive, and how large it may be. */
const maxConnections = 32;
const requestTimeoutMs = 5_000;
const maxHeaderBytes = 8 * 1024;

/**
 * Serves small answers over HTTP, such as metrics: requests have no body, connections are few and do
 * not last. Rejects with the system's error where the address cannot be had. Node's HTTP is loaded only
 * when it is called, since most programs do without.
 */
export function serveHttp({ host, port }: HttpAddress, handle: HttpHandler): Promise<Server> {
  const { createServer } = process.getBuiltinModule("node:http");
  const limits = {
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: requestTimeoutMs,
    connectionsCheckingInterval: requestTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
  };
  const server = createServer(limits, (request, response) => {
    request.resume();
    const path = (request.url ?? "/").split("?", 1)[0] as string;
    const { status, contentType, body } = handle(request.method ?? "GET", path);
    const content = Buffer.from(body);
    response.writeHead(status, {
      "content-type": contentType,
      "content-length": content.length,
      "cache-control": "no-store",
    });
    response.end(request.method === "HEAD" ? undefined : content);
  });
  server.maxConnections = maxConnections;
  // Who does not read its answer is let go.
  server.timeout = requestTimeoutMs;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      // Such as EMFILE on accept: the server goes on listening.
      server.on("error", () => {});
      const address = server.address();
      const close = () => {
        server.close();
        server.closeAllConnections();
      };
      resolve({ port: typeof address === "object" && address ? address.port : port, close });
    });
  });
}
