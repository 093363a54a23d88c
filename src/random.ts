import { randomBytes, randomUUID } from "node:crypto";

/** Chance, passed in wherever it is needed so that a simulation can replay it from a seed. */
export interface Random {
  /** A number that is at least 0 and below 1. */
  float(): number;
  /** A whole number that is at least 0 and below `limit`. */
  below(limit: number): number;
  /** `count` unpredictable bytes, for nonces and salts. */
  bytes(count: number): Buffer;
  /** A random UUID in its usual text form. */
  uuid(): string;
}

/** The machine's randomness: fast where predictability does no harm, cryptographic for bytes and ids. */
export const systemRandom: Random = {
  float: () => Math.random(),
  below: (limit) => Math.floor(Math.random() * limit),
  bytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
};
