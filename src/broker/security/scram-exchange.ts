import { timingSafeEqual } from "node:crypto";
import type { ScramCredential, ScramMechanism } from "../metadata/cluster-image.ts";
import type { SaslExchange, SaslStep } from "./sasl-exchange.ts";
import { scramHash, scramHmac, scramIterations } from "./scram-credential.ts";

// Characters as RFC 5802 has them: what is safe in a name, in a value, in a nonce.
const saslName = "(?:[\\x01-\\x2B\\x2D-\\x3C\\x3E-\\x7F]|=2C|=3D)+";
const value = "[\\x01-\\x2B\\x2D-\\x7F]+";
const printable = "[\\x21-\\x2B\\x2D-\\x7E]+";
const base64 = "(?:[a-zA-Z0-9/+]{4})*(?:[a-zA-Z0-9/+]{3}=|[a-zA-Z0-9/+]{2}==)?";
const extensions = `(?:,[A-Za-z]+=${value})*`;

const firstForm = new RegExp(
  `^n,(?:a=(?<authorizationId>${saslName}))?,(?<bare>(?:m=${value},)?n=(?<name>${saslName}),r=(?<nonce>${printable})(?<extensions>${extensions}))$`,
);
const finalForm = new RegExp(
  `^(?<withoutProof>c=(?:${base64}),r=(?<nonce>${printable})${extensions}),p=(?<proof>${base64})$`,
);

/** What the proof of the second token is checked against. */
interface Challenge {
  readonly user: string;
  readonly credential: ScramCredential;
  readonly nonce: string;
  /** The messages so far, as both sides sign them. */
  readonly messages: string;
}

/** What a SCRAM exchange of the server is made with. */
export interface ScramExchangeOptions {
  readonly mechanism: ScramMechanism;
  credentialOf(user: string): ScramCredential | undefined;
  /** Unpredictable bytes for the server's part of the nonce. */
  readonly nonce: Buffer;
}

const refused: SaslStep = { do: "refuse" };

/**
 * The server's side of SCRAM (RFC 5802, RFC 7677; Kafka's `ScramSaslServer`). Extensions are ignored; one
 * who wants to log in with a delegation token is refused, as there are none.
 */
export class ScramExchange implements SaslExchange {
  readonly #options: ScramExchangeOptions;
  #challenge: Challenge | undefined;

  constructor(options: ScramExchangeOptions) {
    this.#options = options;
  }

  respond(token: Buffer): SaslStep {
    const message = token.toString();
    if (this.#challenge === undefined) return this.#first(message);
    return this.#final(message, this.#challenge);
  }

  #first(message: string): SaslStep {
    const found = firstForm.exec(message)?.groups;
    if (found === undefined) return refused;
    const { authorizationId, bare, name = "", nonce: clientNonce, extensions: more = "" } = found;
    if (/,tokenauth=true(,|$)/i.test(more)) return refused;
    const user = name.replaceAll("=2C", ",").replaceAll("=3D", "=");
    const credential = this.#options.credentialOf(user);
    if (credential === undefined || credential.iterations < scramIterations.min) return refused;
    if (authorizationId !== undefined && authorizationId !== user) {
      const reason = "the authorization id is not that of the user";
      return { do: "refuse", message: `Authentication failed: ${reason}` };
    }
    const nonce = `${clientNonce}${this.#options.nonce.toString("base64url")}`;
    const salt = credential.salt.toString("base64");
    const answer = `r=${nonce},s=${salt},i=${credential.iterations}`;
    this.#challenge = { user, credential, nonce, messages: `${bare},${answer}` };
    return { do: "go on", token: Buffer.from(answer) };
  }

  #final(message: string, { user, credential, nonce, messages }: Challenge): SaslStep {
    const found = finalForm.exec(message)?.groups;
    if (found === undefined) return refused;
    const { nonce: theirNonce, withoutProof, proof: text = "" } = found;
    if (theirNonce !== nonce) return refused;
    const { mechanism } = this.#options;
    const signed = `${messages},${withoutProof}`;
    const signature = scramHmac(mechanism, credential.storedKey, signed);
    const proof = Buffer.from(text, "base64");
    if (proof.length !== signature.length) return refused;
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] as number)));
    const storedKey = scramHash(mechanism, clientKey);
    if (storedKey.length !== credential.storedKey.length) return refused;
    if (!timingSafeEqual(storedKey, credential.storedKey)) return refused;
    const own = scramHmac(mechanism, credential.serverKey, signed).toString("base64");
    return { do: "accept", token: Buffer.from(`v=${own}`), user };
  }
}
