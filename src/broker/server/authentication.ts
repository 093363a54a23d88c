import type { Principal } from "../security/authorizer.ts";

/** What an authentication makes of a message: the answer, and whether the connection ends behind it. */
export interface AuthenticationAnswer {
  /** The answer's body, to be encoded by its API; bare bytes where a bare token came, undefined for none. */
  readonly answer: unknown;
  /** A failed attempt: the answer is held back for so many milliseconds, then sent, then the connection ends. */
  readonly closeAfterMs?: number | undefined;
}

/**
 * The state of one connection's authentication by SASL. The connection asks it before it serves
 * anything; pure but for the clock that it is made with.
 */
export interface Authentication {
  /** Who it is, once that is known; until then only ApiVersions, SaslHandshake and SaslAuthenticate are served. */
  readonly principal: Principal | undefined;
  /** When the client must have authenticated anew (KIP-368), by the clock's `elapsed`; Infinity for never. */
  readonly expiresAt: number;
  /** After SaslHandshake 0 tokens come bare, as frames without a request header. */
  readonly awaitsToken: boolean;
  /** Answers SaslHandshake (key 17) and SaslAuthenticate (key 36). Throws where the connection must end at once. */
  handle(apiKey: number, apiVersion: number, request: unknown): AuthenticationAnswer;
  /** Answers a bare token; only while {@link Authentication.awaitsToken}. */
  handleToken(token: Buffer): AuthenticationAnswer;
}

/** Makes the authentication of a new connection. */
export type NewAuthentication = (connection: {
  readonly listenerName: string;
  readonly clientHost: string;
}) => Authentication;
