import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { ConnectionError } from "../errors.ts";

/** The hash functions that Kafka's SCRAM mechanisms use. */
export type ScramMechanism = "SCRAM-SHA-256" | "SCRAM-SHA-512";

const hashes = {
  "SCRAM-SHA-256": { name: "sha256", bytes: 32 },
  "SCRAM-SHA-512": { name: "sha512", bytes: 64 },
} as const;

// Kafka's own server refuses fewer; more than this would let a false server keep the client busy.
const minIterations = 4096;
const maxIterations = 1_000_000;

/**
 * The client's side of a SCRAM exchange (RFC 5802, RFC 7677), as a plain object: three messages,
 * each a function of what came before. The server is verified too.
 */
export class ScramClient {
  readonly #mechanism: ScramMechanism;
  readonly #password: string;
  readonly #nonce: string;
  readonly #firstBare: string;
  #serverSignature: Buffer | undefined;

  constructor(
    mechanism: ScramMechanism,
    username: string,
    password: string,
    nonceBytes: Uint8Array,
  ) {
    this.#mechanism = mechanism;
    this.#password = password.normalize("NFKC");
    this.#nonce = Buffer.from(nonceBytes).toString("base64url");
    const name = username.normalize("NFKC").replaceAll("=", "=3D").replaceAll(",", "=2C");
    this.#firstBare = `n=${name},r=${this.#nonce}`;
  }

  /** The message that opens the exchange. */
  first(): Buffer {
    return Buffer.from(`n,,${this.#firstBare}`);
  }

  /** The proof that answers the server's challenge. */
  final(challenge: Uint8Array): Buffer {
    const serverFirst = Buffer.from(challenge).toString();
    const { r: nonce, s: salt, i, e: error } = attributes(serverFirst);
    if (error !== undefined) throw refused(`the server answered "${error}"`);
    const iterations = Number(i);
    if (!nonce?.startsWith(this.#nonce) || nonce.length === this.#nonce.length || !salt) {
      throw refused("the server's first message is malformed");
    }
    if (!(iterations >= minIterations && iterations <= maxIterations)) {
      throw refused(`the server asks for ${i} iterations, which is outside the limits`);
    }
    const { name, bytes } = hashes[this.#mechanism];
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, "base64"), iterations, bytes, name);
    const clientKey = createHmac(name, salted).update("Client Key").digest();
    const storedKey = createHash(name).update(clientKey).digest();
    const withoutProof = `c=biws,r=${nonce}`;
    const signed = `${this.#firstBare},${serverFirst},${withoutProof}`;
    const signature = createHmac(name, storedKey).update(signed).digest();
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] as number));
    const serverKey = createHmac(name, salted).update("Server Key").digest();
    this.#serverSignature = createHmac(name, serverKey).update(signed).digest();
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString("base64")}`);
  }

  /** Checks the server's own proof; throws when it does not know the password either. */
  verify(serverFinal: Uint8Array): void {
    const { v: proof, e: error } = attributes(Buffer.from(serverFinal).toString());
    if (error !== undefined) throw refused(`the server answered "${error}"`);
    const given = Buffer.from(proof ?? "", "base64");
    const expected = this.#serverSignature;
    if (!expected || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw refused("the server could not prove that it knows the password");
    }
  }
}

function attributes(message: string): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

function refused(reason: string): ConnectionError {
  return new ConnectionError("SASL_FAILED", `SCRAM authentication failed: ${reason}`);
}
