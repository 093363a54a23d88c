import { DecodeError } from "../../../errors.ts";
import type { Serde } from "../../serde.ts";

/**
 * What the right side is to do with a left row's subscription: forget it (and answer with null, or not), or
 * keep it and answer with the right row (and with null if there is none, or not).
 */
export type Instruction =
  | "delete-no-propagate"
  | "delete-and-propagate"
  | "propagate-null-if-missing"
  | "propagate-only-if-present";

/** A left row's interest in a right row (`SubscriptionWrapper`). */
export interface Subscription {
  /** The hash of the left value, which comes back with the answer; null where the row is deleted. */
  readonly hash: Buffer | null;
  readonly instruction: Instruction;
  /** The left row's key, as bytes. */
  readonly primaryKey: Buffer;
  /** The partition of the left row, where the answer must go; undefined from before KIP-775. */
  readonly primaryPartition: number | undefined;
}

const instructions: readonly Instruction[] = [
  "delete-no-propagate",
  "delete-and-propagate",
  "propagate-null-if-missing",
  "propagate-only-if-present",
];

/** The bit of the first byte that says that there is no hash; the others are the version. */
export const noHashBit = 0x80;
/** How many bytes a hash has. */
export const hashBytes = 16;
const newestVersion = 1;
const partitionBytes = 4;

/**
 * Subscriptions as the JVM writes them, version 1, and reads them, version 0 as well:
 * `no hash? version ‖ instruction ‖ [hash] ‖ primary key ‖ int32 primary partition`.
 */
export const subscriptionSerde: Serde<Subscription> = {
  serialize({ hash, instruction, primaryKey, primaryPartition }) {
    const keyStart = 2 + (hash ? hashBytes : 0);
    const bytes = Buffer.allocUnsafe(keyStart + primaryKey.length + partitionBytes);
    bytes[0] = hash ? newestVersion : newestVersion | noHashBit;
    bytes[1] = instructions.indexOf(instruction);
    hash?.copy(bytes, 2);
    primaryKey.copy(bytes, keyStart);
    bytes.writeInt32BE(primaryPartition ?? -1, keyStart + primaryKey.length);
    return bytes;
  },
  deserialize(buffer, start, end) {
    const first = start < end ? (buffer[start] as number) : 0;
    const version = first & ~noHashBit;
    const instruction = instructions[buffer[start + 1] ?? instructions.length];
    const keyStart = start + 2 + (first & noHashBit ? 0 : hashBytes);
    const keyEnd = end - (version === 0 ? 0 : partitionBytes);
    if (version > newestVersion || instruction === undefined || keyEnd < keyStart) {
      const message = `a subscription of a foreign-key join has ${end - start} bytes, version ${version}, which cannot be read`;
      throw new DecodeError("INVALID_VALUE", message, start);
    }
    return {
      hash: first & noHashBit ? null : buffer.subarray(start + 2, keyStart),
      instruction,
      primaryKey: buffer.subarray(keyStart, keyEnd),
      primaryPartition: version === 0 ? undefined : buffer.readInt32BE(keyEnd),
    };
  },
};
