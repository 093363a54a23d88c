import { decodeMetadataRecord, type MetadataRecord } from "../../protocol/index.ts";
import { MetadataChanges } from "./metadata-changes.ts";
import type { MetadataImage } from "./metadata-image.ts";

/**
 * Brings an image up to what the log says. Kafka's own controller writes large changes as
 * transactions (KIP-868): their records count once they have all come.
 */
export class MetadataReplay {
  readonly #image: MetadataImage;
  #pending: MetadataRecord[] | undefined;

  constructor(image: MetadataImage) {
    this.#image = image;
  }

  /** Whether a transaction was begun that has not ended: nobody will end it any more. */
  get isInTransaction(): boolean {
    return this.#pending !== undefined;
  }

  /** Takes in the next record; throws a `DecodeError` on bytes without sense. */
  take(bytes: Buffer): void {
    const record = decodeMetadataRecord(bytes);
    switch (record.name) {
      case "BeginTransactionRecord":
        this.#pending = [];
        break;
      case "EndTransactionRecord":
        for (const one of this.#pending ?? []) this.#apply(one);
        this.#pending = undefined;
        break;
      case "AbortTransactionRecord":
        this.#pending = undefined;
        break;
      default:
        if (this.#pending === undefined) this.#apply(record);
        else this.#pending.push(record);
    }
  }

  #apply(record: MetadataRecord): void {
    this.#image.apply(record, new MetadataChanges());
  }
}
