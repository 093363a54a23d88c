import type { Serde as ClientSerde } from "../client/index.ts";
import type { Headers } from "./message.ts";

/** Both directions of a format, for topics and stores: see `millrace/client`. */
export interface Serde<T> extends ClientSerde<T> {
  /**
   * Serializes within a record of the topic, where the format needs to know (a schema registry does);
   * `serialize` is used where this is absent.
   */
  serializeFor?(value: T, topic: string, headers: Headers): Uint8Array | string | null;
  /** What a key's partition is chosen by, where that is not the whole key: windowed keys have it. */
  partitionKey?(value: T): Uint8Array | string | null;
  /** A promise awaited once at the edge of a batch, so that e.g. a schema can be fetched. */
  prepare?(batch: readonly Buffer[], topic: string): Promise<void>;
}
