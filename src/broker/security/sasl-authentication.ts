import { brokerErrorNumber } from "../../broker-error-code.ts";
import type { Clock } from "../../clock.ts";
import { type SaslAuthenticate, SaslHandshake } from "../../protocol/index.ts";
import type { Authentication, AuthenticationAnswer } from "../server/authentication.ts";
import type { Principal } from "./authorizer.ts";
import type { SaslExchange, SaslStep } from "./sasl-exchange.ts";

type HandshakeRequest = ReturnType<typeof SaslHandshake.request.decode>;
type AuthenticateRequest = ReturnType<typeof SaslAuthenticate.request.decode>;

/** What an authentication is made with. */
export interface SaslAuthenticationOptions {
  readonly clock: Clock;
  /** The mechanisms that clients may choose from, each with the way to begin an exchange. */
  readonly mechanisms: ReadonlyMap<string, () => SaslExchange>;
  /** How long a session by a mechanism lasts (`connections.max.reauth.ms`); 0 for ever. */
  maxReauthMs(mechanism: string): number;
  /** `connection.failed.authentication.delay.ms`. */
  readonly failureDelayMs: number;
}

/** Where an authentication stands. */
type Stage =
  | { readonly name: "awaits handshake" }
  | {
      readonly name: "awaits token";
      readonly mechanism: string;
      readonly exchange: SaslExchange;
      /** Whether tokens come in SaslAuthenticate requests, as after SaslHandshake 1. */
      readonly hasHeaders: boolean;
    }
  | { readonly name: "complete" }
  | { readonly name: "failed" };

/** A client may not authenticate anew more often than this (KIP-368). */
const minReauthIntervalMs = 1000;
const noBytes = Buffer.alloc(0);
const firstVersionWithHeaders = 1;

/**
 * One connection's authentication by SASL (`SaslServerAuthenticator`): a handshake that names the
 * mechanism, then its tokens, and all that again before the session ends, under the same name and
 * mechanism (KIP-368). While a client authenticates anew it is still served as who it was.
 */
export class SaslAuthentication implements Authentication {
  readonly #options: SaslAuthenticationOptions;
  #stage: Stage = { name: "awaits handshake" };
  #principal: Principal | undefined;
  /** The mechanism of the first authentication, to which the others have to keep. */
  #mechanism: string | undefined;
  #expiresAt = Number.POSITIVE_INFINITY;
  #reauthBegunAt = Number.NEGATIVE_INFINITY;

  constructor(options: SaslAuthenticationOptions) {
    this.#options = options;
  }

  get principal(): Principal | undefined {
    return this.#principal;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get awaitsToken(): boolean {
    return this.#stage.name === "awaits token" && !this.#stage.hasHeaders;
  }

  handle(apiKey: number, apiVersion: number, request: unknown): AuthenticationAnswer {
    if (apiKey === SaslHandshake.key) {
      return this.#handshake((request as HandshakeRequest).mechanism, apiVersion);
    }
    switch (this.#stage.name) {
      case "awaits token":
        return this.#authenticate(this.#take((request as AuthenticateRequest).authBytes));
      case "complete": {
        const errorMessage = "SaslAuthenticate request received after successful authentication";
        const errorCode = brokerErrorNumber("ILLEGAL_SASL_STATE");
        return { answer: { errorCode, errorMessage, authBytes: noBytes } };
      }
      case "awaits handshake":
      case "failed":
        throw new Error("it sent a token of SASL without a handshake before");
      default:
        return this.#stage satisfies never;
    }
  }

  handleToken(token: Buffer): AuthenticationAnswer {
    const step = this.#take(token);
    // A failed exchange of bare tokens has no form for an error.
    if (step.do === "refuse") return this.#closing(undefined);
    return { answer: step.token };
  }

  #handshake(mechanism: string, apiVersion: number): AuthenticationAnswer {
    const { mechanisms, clock } = this.#options;
    const names = [...mechanisms.keys()];
    const illegal = { errorCode: brokerErrorNumber("ILLEGAL_SASL_STATE"), mechanisms: [] };
    const { name } = this.#stage;
    if (name === "failed" || name === "awaits token") return this.#closing(illegal);
    if (name === "complete") {
      const now = clock.elapsed();
      const mayBegin = now - this.#reauthBegunAt >= minReauthIntervalMs;
      if (this.#expiresAt === Number.POSITIVE_INFINITY || !mayBegin) return { answer: illegal };
      this.#reauthBegunAt = now;
    }
    const begin = mechanisms.get(mechanism);
    if (begin === undefined) {
      const errorCode = brokerErrorNumber("UNSUPPORTED_SASL_MECHANISM");
      return this.#closing({ errorCode, mechanisms: names });
    }
    const isOther = this.#mechanism !== undefined && this.#mechanism !== mechanism;
    const exchange = isOther ? otherMechanism : begin();
    const hasHeaders = apiVersion >= firstVersionWithHeaders;
    this.#stage = { name: "awaits token", mechanism, exchange, hasHeaders };
    return { answer: { errorCode: 0, mechanisms: names } };
  }

  /** Takes a token, and notes what it means for the connection. */
  #take(token: Buffer): SaslStep {
    if (this.#stage.name !== "awaits token") throw new Error("no token of SASL is due");
    const { exchange, mechanism } = this.#stage;
    const step = exchange.respond(token);
    if (step.do === "go on") return step;
    if (step.do === "refuse") return this.#fail(step.message, mechanism);
    const { user } = step;
    if (this.#principal !== undefined && this.#principal.name !== user) {
      return this.#fail("Cannot change principals during re-authentication", mechanism);
    }
    this.#stage = { name: "complete" };
    this.#principal = { type: "User", name: user };
    this.#mechanism = mechanism;
    const lifetimeMs = this.#options.maxReauthMs(mechanism);
    this.#expiresAt =
      lifetimeMs > 0 ? this.#options.clock.elapsed() + lifetimeMs : Number.POSITIVE_INFINITY;
    return step;
  }

  #fail(reason: string | undefined, mechanism: string): SaslStep {
    this.#stage = { name: "failed" };
    const again = this.#principal === undefined ? "authentication" : "re-authentication";
    // Who has not logged in must not learn whether the user or the password was wrong.
    const hidden = `Authentication failed during ${again} due to invalid credentials with SASL mechanism ${mechanism}`;
    return { do: "refuse", message: reason ?? hidden };
  }

  #authenticate(step: SaslStep): AuthenticationAnswer {
    if (step.do === "refuse") {
      const errorCode = brokerErrorNumber("SASL_AUTHENTICATION_FAILED");
      const errorMessage = step.message ?? null;
      return this.#closing({ errorCode, errorMessage, authBytes: noBytes });
    }
    const lifetimeMs = step.do === "accept" ? this.#lifetimeMs() : 0;
    const answer = { errorCode: 0, errorMessage: null, authBytes: step.token };
    return { answer: { ...answer, sessionLifetimeMs: lifetimeMs } };
  }

  #lifetimeMs(): number {
    if (this.#expiresAt === Number.POSITIVE_INFINITY) return 0;
    return Math.round(this.#expiresAt - this.#options.clock.elapsed());
  }

  #closing(answer: unknown): AuthenticationAnswer {
    this.#stage = { name: "failed" };
    return { answer, closeAfterMs: this.#options.failureDelayMs };
  }
}

/** Refuses one who authenticates anew by another mechanism than before. */
const otherMechanism: SaslExchange = {
  respond: () => ({
    do: "refuse",
    message: "the mechanism of a re-authentication must be that of the authentication",
  }),
};
