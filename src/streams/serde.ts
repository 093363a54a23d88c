import type { Serde as ClientSerde } from "../client/index.ts";
import type { Headers } from "./message.ts";

/** Both directions of a format, for topics and stores: see `millrace/client`. */
export interface Serde<T> extends ClientSerde<T> {
  /**
   * Serializes within a record of the topic, where the format needs to know (a schema registry does);
   * `serialize` is used where this is absent.
   */
  serializeFor?(value: T, topic: string, headers: Headers): Uint8Array | string | null;
  /**
   * Whether each value comes back as just the one that was written, and nobody can change it, as is true of
   * numbers: stores in memory then keep values as they are, not as bytes. False by default.
   */
  readonly isExact?: boolean | undefined;
  /** What a key's partition is chosen by, where that is not the whole key: windowed keys have it. */
  partitionKey?(value: T, topic: string): Uint8Array | string | null;
  /**
   * Called with the keys, or the values, of a fetched batch before its records are read; the promise is awaited
   * once, so that e.g. a schema can be fetched. The application stops where it rejects, or takes longer than 60 s.
   */
  prepare?(batch: readonly Buffer[], topic: string): Promise<void>;
}
