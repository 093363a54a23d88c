import { createHash, timingSafeEqual } from "node:crypto";
import type { SaslExchange, SaslStep } from "./sasl-exchange.ts";

/** The server's side of PLAIN (RFC 4616): one token with user and password (`PlainSaslServer`). */
export class PlainExchange implements SaslExchange {
  readonly #passwordOf: (user: string) => string | undefined;

  constructor(passwordOf: (user: string) => string | undefined) {
    this.#passwordOf = passwordOf;
  }

  respond(token: Buffer): SaslStep {
    const parts = token.toString().split("\0");
    const [authorizationId, user, password] = parts;
    if (authorizationId === undefined || !user || !password || parts.length !== 3) {
      return refuse("the token must have an optional authorization id, a user and a password");
    }
    if (!isSame(password, this.#passwordOf(user))) return refuse("Invalid username or password");
    if (authorizationId !== "" && authorizationId !== user) {
      return refuse("the authorization id is not that of the user");
    }
    return { do: "accept", token: Buffer.alloc(0), user };
  }
}

/** Takes the same time whatever the difference is, and whether there is such a user. */
function isSame(given: string, expected: string | undefined): boolean {
  const isEqual = timingSafeEqual(digest(given), digest(expected ?? ""));
  return isEqual && expected !== undefined;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function refuse(reason: string): SaslStep {
  return { do: "refuse", message: `Authentication failed: ${reason}` };
}
