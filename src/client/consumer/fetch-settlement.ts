import { DecodeError, type MillraceError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Fetch, ResponseOf } from "../../protocol/index.ts";
import { partitionName } from "../topic-partition.ts";
import type { AssignedPartition } from "./assigned-partition.ts";
import type { AssignedPartitions } from "./assigned-partitions.ts";
import type { BufferBudget, FrameHold } from "./buffer-budget.ts";
import { type FetchedPartition, type FetchOutcome, fetchOutcome } from "./fetch-outcome.ts";
import type { FetchSession } from "./fetch-session.ts";
import { FetchedRecords } from "./fetched-records.ts";
import type { Isolation } from "./offset-reset.ts";
import type { PositionPolicy } from "./position-policy.ts";

/** What a partition's part of an answer came to. */
export type Settlement =
  | { readonly name: "arrived" }
  /** Nothing new, or nothing that is still of use. */
  | { readonly name: "nothing" }
  /** The position is to be looked up or validated anew. */
  | { readonly name: "unsettled" }
  | { readonly name: "retry"; readonly isMoved: boolean }
  /** The partition has failed: somebody has to be told. */
  | { readonly name: "failed"; readonly error: MillraceError };

const arrived: Settlement = { name: "arrived" };
const nothing: Settlement = { name: "nothing" };
const unsettled: Settlement = { name: "unsettled" };

/** What a settlement works with; shared with the other parts of one consumer. */
export interface SettlementParts {
  readonly assigned: AssignedPartitions;
  readonly budget: BufferBudget;
  readonly isolation: Isolation;
  readonly policy: PositionPolicy;
  /** Where a frame's memory goes when nobody reads it any more; undefined where records keep parts of it. */
  readonly reuse: ((part: Buffer) => void) | undefined;
  readonly logger: Logger;
}

/** Takes the answers to fetches into the partitions they are about. */
export class FetchSettlement {
  readonly #parts: SettlementParts;

  constructor(parts: SettlementParts) {
    this.#parts = parts;
  }

  /** Takes in a whole answer, and tells for each partition what it came to. Gives the bytes of records that came. */
  settle(
    session: FetchSession,
    answer: ResponseOf<typeof Fetch>,
    on: (partition: AssignedPartition, settlement: Settlement) => void,
  ): number {
    const { assigned, budget, reuse } = this.#parts;
    const { bytes, filled, part: first } = sizeOf(answer);
    const frame = budget.hold(bytes, filled, reuse && first ? () => reuse(first) : undefined);
    for (const topic of answer.responses) {
      for (const part of topic.partitions) {
        const name = partitionName(session.topicOf(topic) ?? "", part.partitionIndex);
        const partition = assigned.byName(name);
        const asked = session.partitions.get(name);
        const hold = part.records?.length ? frame : undefined;
        if (partition && asked)
          on(partition, this.#settle(partition, asked.fetchOffset, part, hold));
        else hold?.release();
      }
    }
    return bytes;
  }

  /** Takes in what was answered to a fetch from `offset`; `hold` is given up unless records are kept. */
  #settle(
    partition: AssignedPartition,
    offset: number,
    part: FetchedPartition,
    hold: FrameHold | undefined,
  ): Settlement {
    if (!partition.expects(offset)) {
      hold?.release();
      return nothing;
    }
    const outcome = fetchOutcome(part, `fetching ${partition.name} from offset ${offset}`);
    if (outcome.name === "records") return this.#receive(partition, offset, part, hold);
    hold?.release();
    return this.#react(partition, offset, outcome);
  }

  #react(
    partition: AssignedPartition,
    offset: number,
    outcome: Exclude<FetchOutcome, { name: "records" }>,
  ): Settlement {
    const { name: topicPartition } = partition;
    switch (outcome.name) {
      case "retry": {
        const { isMoved, reason } = outcome;
        this.#parts.logger.debug(
          { partition: topicPartition, offset, reason },
          "fetching again later",
        );
        return { name: "retry", isMoved };
      }
      case "refused":
        partition.fail(outcome.error);
        return { name: "failed", error: outcome.error };
      case "out-of-range": {
        // What is buffered was in the log when it was fetched: the user gets it first.
        if (partition.hasBuffered) return { name: "retry", isMoved: false };
        const fields = { partition: topicPartition, offset };
        this.#parts.logger.info(fields, "the position is out of range");
        return settled(this.#parts.policy.outOfRange(partition));
      }
      case "diverged": {
        if (partition.compare(outcome.end) === "valid") return nothing;
        const fields = { partition: topicPartition, offset, ...outcome.end };
        this.#parts.logger.warn(fields, "the log was truncated below the position");
        return settled(this.#parts.policy.truncated(partition, outcome.end));
      }
      default:
        return outcome satisfies never;
    }
  }

  #receive(
    partition: AssignedPartition,
    offset: number,
    part: FetchedPartition,
    hold: FrameHold | undefined,
  ): Settlement {
    const { highWatermark, lastStableOffset, logStartOffset, records, abortedTransactions } = part;
    partition.highWatermark = highWatermark;
    partition.lastStableOffset = lastStableOffset;
    partition.logStartOffset = logStartOffset;
    if (records === null || records.length === 0) {
      hold?.release();
      return nothing;
    }
    const aborted =
      this.#parts.isolation === "read-committed" ? (abortedTransactions ?? []) : undefined;
    const fetched = {
      bytes: records,
      startOffset: offset,
      aborted,
      highWatermark,
      lastStableOffset,
    };
    try {
      const startEpoch = partition.fetchPosition?.leaderEpoch ?? -1;
      partition.receive(new FetchedRecords(fetched, startEpoch, hold));
    } catch (cause) {
      hold?.release();
      if (!(cause instanceof DecodeError)) throw cause;
      const message = `what was fetched of ${partition.name} at offset ${offset} makes no sense: ${cause.message}; seek past it to go on`;
      const error = new DecodeError(cause.code, message, cause.position, { cause });
      partition.fail(error);
      return { name: "failed", error };
    }
    return arrived;
  }
}

function settled(error: MillraceError | undefined): Settlement {
  return error ? { name: "failed", error } : unsettled;
}

/** How many bytes of records an answer has, and in how many parts, of which one is given. */
function sizeOf(answer: ResponseOf<typeof Fetch>) {
  let bytes = 0;
  let filled = 0;
  let part: Buffer | undefined;
  for (const { partitions } of answer.responses) {
    for (const { records } of partitions) {
      if (!records?.length) continue;
      bytes += records.length;
      filled += 1;
      part = records;
    }
  }
  return { bytes, filled, part };
}
