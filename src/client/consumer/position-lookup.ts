import { MillraceError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import type { GroupOffsets } from "../group/group-offsets.ts";
import { mayPass } from "../retry.ts";
import type { AssignedPartition, PartitionState } from "./assigned-partition.ts";
import type { AssignedPartitions } from "./assigned-partitions.ts";
import { askEpochEnds } from "./epoch-lookup.ts";
import { askOffsets } from "./offset-lookup.ts";
import type { PositionPolicy } from "./position-policy.ts";
import type { ConsumerSettings } from "./settings.ts";

/** What a look-up tells its consumer. */
export interface LookupEvents {
  /** Some partitions have got their positions. */
  settled(): void;
  /** A partition has failed, or (without one) the look-up, in a way that will not pass by itself. */
  failed(error: Error, partition?: AssignedPartition): void;
}

/** What a look-up works with; shared with the other parts of one consumer. */
export interface LookupParts {
  readonly cluster: Cluster;
  readonly settings: ConsumerSettings;
  readonly assigned: AssignedPartitions;
  /** Undefined without a group: then nothing is committed. */
  readonly offsets: GroupOffsets | undefined;
  readonly policy: PositionPolicy;
  readonly events: LookupEvents;
}

type Kind = "initializing" | "resetting" | "validating";

const kinds: readonly Kind[] = ["initializing", "resetting", "validating"];
/** How long one look-up of committed offsets may take, tries included, in milliseconds; it is then begun anew. */
const committedTimeoutMs = 60_000;

/**
 * Brings partitions to where they can be fetched: looks up committed offsets, the offsets of places in
 * the log, and the ends of leader epochs. One request of each kind at a time, tried until it succeeds.
 */
export class PositionLookup {
  readonly #parts: LookupParts;
  readonly #running = new Set<Kind>();
  readonly #closing = new AbortController();

  constructor(parts: LookupParts) {
    this.#parts = parts;
  }

  /** Starts what is to be looked up now. To be called whenever a partition may have become unsettled. */
  update(): void {
    for (const kind of kinds) {
      if (this.#running.has(kind) || this.#unsettled(kind).length === 0) continue;
      if (this.#closing.signal.aborted) return;
      this.#running.add(kind);
      void this.#run(kind);
    }
  }

  /** Stops looking. */
  close(): void {
    this.#closing.abort();
  }

  async #run(kind: Kind): Promise<void> {
    const { cluster, events } = this.#parts;
    const { retryBackoffMs, retryBackoffMaxMs } = cluster.settings;
    const { clock, random } = cluster.host;
    const { signal } = this.#closing;
    const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, random);
    try {
      for (;;) {
        const partitions = this.#unsettled(kind);
        if (partitions.length === 0) break;
        await this.#lookUp(kind, partitions);
        if (signal.aborted) return;
        events.settled();
        if (partitions.some(({ state }) => state.name !== kind)) backoff.reset();
        else await clock.sleep(backoff.next(), signal);
      }
    } catch (error) {
      if (!signal.aborted) events.failed(error as Error);
    } finally {
      this.#running.delete(kind);
    }
  }

  #unsettled(kind: Kind): AssignedPartition[] {
    return [...this.#parts.assigned].filter(
      ({ state, tenure }) => state.name === kind && tenure === "held",
    );
  }

  #lookUp(kind: Kind, partitions: readonly AssignedPartition[]): Promise<void> {
    switch (kind) {
      case "initializing":
        return this.#initialize(partitions);
      case "resetting":
        return this.#reset(partitions);
      case "validating":
        return this.#validate(partitions);
      default:
        return kind satisfies never;
    }
  }

  async #initialize(partitions: readonly AssignedPartition[]): Promise<void> {
    const { offsets, settings, policy, events } = this.#parts;
    const unchanged = changeGuard(partitions);
    const bound = {
      attempt: `looking up the offsets that group ${settings.groupId} has committed`,
      timeoutMs: committedTimeoutMs,
      signal: this.#closing.signal,
    };
    const committed = await offsets?.fetch(partitions, bound).catch(undefinedIfPassing);
    if (offsets && !committed) return;
    for (const partition of partitions.filter(unchanged)) {
      const found = committed?.get(partition.name);
      if (found) {
        partition.seek({ offset: found.offset, leaderEpoch: found.leaderEpoch });
        partition.committedOffset = found.offset;
        continue;
      }
      const error = policy.nothingCommitted(partition);
      if (error) events.failed(error, partition);
    }
    this.update();
  }

  async #reset(partitions: readonly AssignedPartition[]): Promise<void> {
    const { cluster, settings } = this.#parts;
    const questions = partitions.flatMap(({ topic, partition, state }) =>
      state.name === "resetting" ? [{ topic, partition, place: state.place }] : [],
    );
    const { answered } = await askOffsets(cluster, questions, settings.isolation);
    for (const [index, partition] of partitions.entries()) {
      const place = questions[index]?.place;
      const found = answered.get(partition.name);
      if (!found || !place || !isResettingTo(partition.state, place)) continue;
      // No record is that young: the next one to come will be.
      if (found.offset < 0) partition.reset("end");
      else partition.resetTo(place, found.offset);
    }
  }

  async #validate(partitions: readonly AssignedPartition[]): Promise<void> {
    const { cluster, policy, events } = this.#parts;
    const unchanged = changeGuard(partitions);
    const questions = partitions.map(({ topic, partition, fetchPosition }) => ({
      topic,
      partition,
      leaderEpoch: fetchPosition?.leaderEpoch ?? -1,
    }));
    const ends = await askEpochEnds(cluster, questions).catch((error: unknown) => {
      if (!isTooOld(error)) throw error;
      for (const partition of partitions.filter(unchanged)) partition.skipValidation();
      return undefined;
    });
    if (!ends) return;
    for (const partition of partitions.filter(unchanged)) {
      const end = ends.answered.get(partition.name);
      if (!end || partition.compare(end) === "valid") continue;
      const fields = { partition: partition.name, offset: partition.position?.offset, ...end };
      cluster.logger.warn(fields, "the log was truncated below the position");
      const error = policy.truncated(partition, end);
      if (error) events.failed(error, partition);
    }
    this.update();
  }
}

/** Tells afterwards which partitions nobody has moved meanwhile. */
function changeGuard(
  partitions: readonly AssignedPartition[],
): (partition: AssignedPartition) => boolean {
  const before = new Map(partitions.map((one) => [one, { seeks: one.seeks, state: one.state }]));
  return (partition) => {
    const known = before.get(partition);
    return (
      partition.tenure !== "gone" &&
      known?.seeks === partition.seeks &&
      known.state === partition.state
    );
  };
}

function isResettingTo(state: PartitionState, place: unknown): boolean {
  return state.name === "resetting" && state.place === place;
}

/** A passing failure is tried again; a partition that was taken away is no longer looked up. */
function undefinedIfPassing(error: unknown): undefined {
  const passes =
    mayPass(error) ||
    (error instanceof MillraceError &&
      (error.code === "TIMED_OUT" || error.code === "PARTITIONS_LOST"));
  if (!passes) throw error;
}

/** Before Kafka 2.3 the question needs a permission on the cluster, which a consumer need not have. */
function isTooOld(error: unknown): boolean {
  return (
    error instanceof MillraceError &&
    (error.code === "UNSUPPORTED_VERSION" || error.code === "CLUSTER_AUTHORIZATION_FAILED")
  );
}
