import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import type { ScramCredential, ScramMechanism } from "../metadata/cluster-image.ts";

/** The bounds for the iterations of a credential (Kafka's `ScramMechanism`, `ScramControlManager`). */
export const scramIterations = { min: 4096, max: 16_384 } as const;

const hashes = {
  "SCRAM-SHA-256": { name: "sha256", bytes: 32 },
  "SCRAM-SHA-512": { name: "sha512", bytes: 64 },
} as const;

/** The keyed hash of a mechanism. */
export function scramHmac(mechanism: ScramMechanism, key: Buffer, text: string): Buffer {
  return createHmac(hashes[mechanism].name, key).update(text).digest();
}

/** The hash of a mechanism. */
export function scramHash(mechanism: ScramMechanism, bytes: Buffer): Buffer {
  return createHash(hashes[mechanism].name).update(bytes).digest();
}

/** What a server keeps of a password that was salted and hashed: nobody can log in with it (RFC 5802). */
export function credentialOfSalted(
  mechanism: ScramMechanism,
  saltedPassword: Buffer,
  salt: Buffer,
  iterations: number,
): ScramCredential {
  const clientKey = scramHmac(mechanism, saltedPassword, "Client Key");
  return {
    salt,
    storedKey: scramHash(mechanism, clientKey),
    serverKey: scramHmac(mechanism, saltedPassword, "Server Key"),
    iterations,
  };
}

/** What a server keeps of a password. Takes some milliseconds. */
export function credentialOfPassword(
  mechanism: ScramMechanism,
  password: string,
  salt: Buffer,
  iterations: number = scramIterations.min,
): ScramCredential {
  const { name, bytes } = hashes[mechanism];
  const salted = pbkdf2Sync(password, salt, iterations, bytes, name);
  return credentialOfSalted(mechanism, salted, salt, iterations);
}
