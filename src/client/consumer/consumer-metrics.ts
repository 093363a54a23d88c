/** What a consumer counts, since it was made. */
export interface ConsumerMetrics {
  /** Records handed out, by their batches' headers. */
  records: number;
  /** Bytes of record batches handed out, compressed as they came. */
  bytes: number;
  /** Batches handed out. */
  batches: number;
  /** Answers to fetches. */
  fetches: number;
  /** Bytes of record batches that came with them. */
  fetchedBytes: number;
  /** Fetches that found no answer. */
  failedFetches: number;
  /** The time from request to answer, summed over all fetches, in milliseconds: brokers wait for records. */
  fetchLatencyMs: number;
  maxFetchLatencyMs: number;
  /** Offsets committed: requests that succeeded and that failed. */
  commits: number;
  failedCommits: number;
  /** Bytes fetched and not yet processed, frames counted as a whole. */
  bufferedBytes: number;
}

/** Counters that all stand at 0. */
export function consumerMetrics(): ConsumerMetrics {
  return {
    records: 0,
    bytes: 0,
    batches: 0,
    fetches: 0,
    fetchedBytes: 0,
    failedFetches: 0,
    fetchLatencyMs: 0,
    maxFetchLatencyMs: 0,
    commits: 0,
    failedCommits: 0,
    bufferedBytes: 0,
  };
}
