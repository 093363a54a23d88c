import type { AssignedPartition } from "./assigned-partition.ts";

/** What a fetch may ask for, from the consumer's settings. */
export interface FetchLimits {
  readonly fetchMaxBytes: number;
  readonly maxPartitionFetchBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly maxBufferedBytes: number;
}

/** What there is to decide on: the partitions that can be fetched, by the broker that leads them. */
export interface FetchSituation {
  readonly byLeader: ReadonlyMap<number, readonly AssignedPartition[]>;
  /** Whether a broker may be asked now: no request is under way to it, and no back-off runs. */
  isIdle(broker: number): boolean;
  /** Whether somebody waits for this very partition. */
  isAwaited(partition: AssignedPartition): boolean;
  /** How many bytes may still be asked for. */
  readonly freeBytes: number;
}

/** One request that is to be made. */
export interface PlannedFetch {
  readonly broker: number;
  readonly partitions: readonly AssignedPartition[];
  /** How large the answer may be; set aside in the budget. */
  readonly maxBytes: number;
  readonly maxWaitMs: number;
}

/** What is to be done. */
export interface FetchPlan {
  readonly fetches: readonly PlannedFetch[];
  /** How many bytes must become free before a request can be made that now cannot; 0 if none waits for that. */
  readonly missingBytes: number;
}

/** How long a broker may hold a request back while some of its partitions have enough buffered. */
const crowdedWaitMs = 50;
/** So many answers of each broker fit into the budget: small ones can be worked on sooner than large ones. */
const answersPerBroker = 8;
/** But two of a whole partition should fit: one that is worked on, one that is under way. */
const leastAnswersPerBroker = 2;

/**
 * Decides which brokers are asked, and for what. The next fetch goes out while the last one is still
 * being processed; a partition that has a whole fetch buffered is not asked for more (its low-water
 * mark is `maxPartitionFetchBytes`).
 *
 * While a broker leads a partition above its mark the others are not asked for without it, unless
 * somebody waits for one of them: the request could lie at the broker for `fetchMaxWaitMs`, and the
 * partition that was left out would run dry meanwhile.
 */
export function planFetches(situation: FetchSituation, limits: FetchLimits): FetchPlan {
  const { byLeader } = situation;
  const fetches: PlannedFetch[] = [];
  let { freeBytes } = situation;
  let missingBytes = 0;
  const share = answerShare(limits, byLeader.size);
  for (const [broker, led] of byLeader) {
    if (!situation.isIdle(broker)) continue;
    const partitions = led.filter((one) => one.bufferedBytes <= limits.maxPartitionFetchBytes);
    if (partitions.length === 0) continue;
    const isCrowded = partitions.length < led.length;
    const isStarving = (one: AssignedPartition) => !one.hasBuffered && situation.isAwaited(one);
    if (isCrowded && !partitions.some(isStarving)) continue;
    const wanted = partitions.length * limits.maxPartitionFetchBytes;
    const maxBytes = Math.min(limits.fetchMaxBytes, wanted, share);
    if (maxBytes > freeBytes) {
      missingBytes = Math.max(missingBytes, maxBytes - freeBytes);
      continue;
    }
    freeBytes -= maxBytes;
    const { fetchMaxWaitMs } = limits;
    const maxWaitMs = isCrowded ? Math.min(fetchMaxWaitMs, crowdedWaitMs) : fetchMaxWaitMs;
    fetches.push({ broker, partitions, maxBytes, maxWaitMs });
  }
  return { fetches, missingBytes };
}

/** How large an answer of one broker may be, so that there is room for those of all. */
function answerShare(limits: FetchLimits, brokers: number): number {
  const part = limits.maxBufferedBytes / Math.max(1, brokers);
  const least = Math.min(limits.maxPartitionFetchBytes, part / leastAnswersPerBroker);
  return Math.max(1, Math.floor(Math.max(part / answersPerBroker, least)));
}
