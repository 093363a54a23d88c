import { MillraceError } from "../../errors.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import { type OffsetReset, resetPlace } from "./offset-reset.ts";
import type { EpochEnd } from "./position.ts";

/**
 * What a consumer does where its position cannot be kept: by its reset policy it goes elsewhere, or
 * the partition fails with an error for the user.
 */
export class PositionPolicy {
  readonly #reset: OffsetReset;
  readonly #now: () => number;

  /** `now` gives the time in milliseconds since 1970. */
  constructor(reset: OffsetReset, now: () => number) {
    this.#reset = reset;
    this.#now = now;
  }

  /** Nothing is committed for the partition. Gives the error, if it failed. */
  nothingCommitted(partition: AssignedPartition): MillraceError | undefined {
    return this.#resetOrFail(
      partition,
      () =>
        `there is no committed offset for ${partition.name} and autoOffsetReset is "none": seek to where it should begin, or choose another policy`,
    );
  }

  /** The position is not in the log: it was deleted, or never was. Gives the error, if it failed. */
  outOfRange(partition: AssignedPartition): MillraceError | undefined {
    const offset = partition.position?.offset;
    return this.#resetOrFail(
      partition,
      () =>
        `offset ${offset} of ${partition.name} is not in the log, which may have been deleted up to there, and autoOffsetReset is "none": seek to where it should go on`,
    );
  }

  /** Records that were handed out are no longer in the log (KIP-320). Gives the error, if it failed. */
  truncated(partition: AssignedPartition, end: EpochEnd): MillraceError | undefined {
    const { position } = partition;
    const isKnown = end.endOffset >= 0 && end.leaderEpoch >= 0;
    if (this.#reset !== "none") {
      if (isKnown) partition.seek({ offset: end.endOffset, leaderEpoch: end.leaderEpoch });
      else this.#resetOrFail(partition, () => "");
      return undefined;
    }
    const where = isKnown ? `at offset ${end.endOffset}` : "at an unknown offset";
    const message = `the log of ${partition.name} was truncated ${where}, below offset ${position?.offset} which was read from it: what was read behind is not in Kafka any more; seek to where it should go on`;
    const error = new MillraceError("LOG_TRUNCATED", message);
    partition.fail(error);
    return error;
  }

  #resetOrFail(partition: AssignedPartition, message: () => string): MillraceError | undefined {
    const place = resetPlace(this.#reset, this.#now());
    if (place) {
      partition.reset(place);
      return undefined;
    }
    const error = new MillraceError("NO_OFFSET", message());
    partition.fail(error);
    return error;
  }
}
