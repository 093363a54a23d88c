import type { Clock } from "../../clock.ts";
import type { Logger } from "../../log.ts";
import type { DropReason } from "../node.ts";
import type { DroppedRecord } from "./task.ts";

/** How many records a node has dropped in a task, and why (`dropped-records-total`). */
export interface DroppedCount {
  readonly taskId: string;
  readonly node: string;
  readonly why: DropReason["why"];
  readonly count: number;
}

/** Where dropped records are told of. */
export interface DroppedRecordsOptions {
  readonly logger: Logger;
  readonly host: { readonly clock: Clock };
  /** Hears of each one. */
  readonly onDropped?: ((record: DroppedRecord) => void) | undefined;
}

interface Tally {
  readonly taskId: string;
  readonly node: string;
  readonly why: DropReason["why"];
  count: number;
  /** How many were counted when it was last written to the log, and when that was. */
  loggedCount: number;
  loggedAt: number;
}

/** For so long after a line in the log, records dropped by the same node for the same reason are only counted. */
const logIntervalMs = 10_000;

/** Counts the records that went no further, hands each on, and has some of each kind written to the log. */
export class DroppedRecords {
  readonly #options: DroppedRecordsOptions;
  readonly #tallies = new Map<string, Tally>();

  constructor(options: DroppedRecordsOptions) {
    this.#options = options;
  }

  /** How many there were since the application was made, by task, node and reason. */
  counts(): DroppedCount[] {
    return [...this.#tallies.values()].map(({ taskId, node, why, count }) => {
      return { taskId, node, why, count };
    });
  }

  /** Takes note of one; a function of its own, to be handed on. */
  readonly note = (record: DroppedRecord): void => {
    const tally = this.#tallyOf(record);
    tally.count += 1;
    this.#options.onDropped?.(record);
    const message = messages[tally.why];
    if (message === undefined) return;
    const now = this.#options.host.clock.elapsed();
    if (tally.loggedCount > 0 && now - tally.loggedAt < logIntervalMs) return;
    const { taskId, node, reason } = record;
    const dropped = tally.count - tally.loggedCount;
    const fields = { taskId, node, ...record.record, ...reason, dropped };
    this.#options.logger.warn(fields, message);
    tally.loggedCount = tally.count;
    tally.loggedAt = now;
  };

  #tallyOf({ taskId, node, reason: { why } }: DroppedRecord): Tally {
    const name = `${taskId} ${node} ${why}`;
    const known = this.#tallies.get(name);
    if (known) return known;
    const fresh = { taskId, node, why, count: 0, loggedCount: 0, loggedAt: 0 };
    this.#tallies.set(name, fresh);
    return fresh;
  }
}

/**
 * What the log says; nothing of records that failed, since whoever decided to go on without them has said so, and
 * nothing of outdated answers, which are nothing unusual.
 */
const messages: { readonly [why in DropReason["why"]]?: string } = {
  late: "records were dropped that came too late for their window: more grace would take them",
  expired: "records were dropped that are older than what the store keeps",
  "null-key": "records were dropped that have no key",
  "null-value": "records were dropped that have no value",
  "null-foreign-key": "rows were dropped that have no foreign key",
  "out-of-order": "changes were dropped that are older than the row's latest version",
};
