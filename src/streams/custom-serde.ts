import { serde as plainSerde } from "../client/index.ts";
import type { Headers } from "./message.ts";
import type { Serde } from "./serde.ts";
import { checkSerde } from "./serde-check.ts";

/** What {@link serde} makes a serde of. */
export interface SerdeFunctions<T> {
  /** Gives bytes, or text that is sent as UTF-8; null is no value. It is not asked for null. */
  serialize(value: T, topic: string, headers: Headers): Uint8Array | string | null;
  /** Gets a slice of a larger buffer, which must not be changed, and which is used again unless it is kept. */
  deserialize(bytes: Buffer): T;
  /**
   * Called with the keys, or the values, of each batch that was fetched for a source, before the first of its
   * records is read: whatever is to be waited for, such as a schema from a registry, is waited for here, once. Rows
   * of stores are read at any time, so that what they need is to be there before the application is started. A
   * `TopologyTestDriver`, which never waits, does not call it.
   */
  readonly prepare?: ((batch: readonly Buffer[], topic: string) => Promise<void>) | undefined;
  /** Whether values keep nothing of the bytes they were read from, which makes reading a good deal faster; false by default. */
  readonly copies?: boolean | undefined;
}

/**
 * Makes a serde of functions of your own. `serialize` is told the topic and the record's headers where the
 * function takes them.
 */
export function serde<T>(functions: SerdeFunctions<T>): Serde<T> {
  checkSerde(functions, ["serialize", "deserialize"], {
    what: "functions of serde()",
    missing: "serde() needs the functions serialize and deserialize",
  });
  const { prepare, copies } = functions;
  const takesTopic = functions.serialize.length > 1;
  return {
    ...plainSerde<T>({
      serialize: (value) => functions.serialize(value, "", []),
      deserialize: (bytes) => functions.deserialize(bytes),
    }),
    copies,
    ...(takesTopic && {
      serializeFor: (value: T, topic: string, headers: Headers) =>
        functions.serialize(value, topic, headers),
    }),
    ...(prepare && {
      prepare: (batch: readonly Buffer[], topic: string) => prepare.call(functions, batch, topic),
    }),
  };
}
