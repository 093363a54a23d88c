import type { Clock } from "../../clock.ts";
import { type HttpAddress, type HttpAnswer, serveHttp } from "../../http.ts";
import type { Logger } from "../../log.ts";
import type { Server } from "../../network.ts";
import { expositionContentType } from "./exposition.ts";

const plainText = "text/plain; charset=utf-8";
/** Whoever asks more often than this gets the same text again, so that asking costs the broker little. */
const freshMs = 250;

/**
 * Serves a broker's metrics at `/metrics` over HTTP, to whoever can reach the address. `read` gives the
 * text, or undefined while there is none. Rejects with the system's error where the address cannot be had.
 */
export function serveMetrics(
  address: HttpAddress,
  {
    read,
    clock,
    logger,
  }: {
    readonly read: () => string | undefined;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): Promise<Server> {
  let text: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  const answer = (): HttpAnswer => {
    const now = clock.elapsed();
    if (text === undefined || now - readAt >= freshMs) {
      text = read();
      readAt = now;
    }
    if (text === undefined) return { status: 503, contentType: plainText, body: "starting\n" };
    return { status: 200, contentType: expositionContentType, body: text };
  };
  return serveHttp(address, (method, path) => {
    if (path !== "/metrics") return { status: 404, contentType: plainText, body: "see /metrics\n" };
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, contentType: plainText, body: "GET it\n" };
    }
    try {
      return answer();
    } catch (error) {
      logger.error({ error }, "the metrics could not be read");
      return { status: 500, contentType: plainText, body: "see the broker's log\n" };
    }
  });
}
