import { type Counter, type Histogram, Metrics, type MetricsSnapshot } from "../metrics.ts";

/** What a consumer measures, under Kafka's names where it has them. */
export class ConsumerMetrics {
  /** Records handed out, by their batches' headers. */
  readonly records: Counter;
  /** Bytes of record batches handed out, compressed as they came. */
  readonly bytes: Counter;
  /** Batches handed out. */
  readonly batches: Counter;
  readonly fetches: Counter;
  /** Fetches that found no answer. */
  readonly failedFetches: Counter;
  /** Bytes of records that an answer brought. */
  readonly fetchSize: Histogram;
  /** From request to answer, in milliseconds: a broker with nothing new waits for records. */
  readonly fetchLatency: Histogram;
  readonly commits: Counter;
  readonly failedCommits: Counter;
  readonly #metrics = new Metrics();

  constructor() {
    this.records = this.#metrics.counter("records-consumed-total");
    this.bytes = this.#metrics.counter("bytes-consumed-total");
    this.batches = this.#metrics.counter("batches-consumed-total");
    this.fetches = this.#metrics.counter("fetch-total");
    this.failedFetches = this.#metrics.counter("fetch-failed-total");
    this.fetchSize = this.#metrics.histogram("fetch-size");
    this.fetchLatency = this.#metrics.histogram("fetch-latency-ms");
    this.commits = this.#metrics.counter("commit-total");
    this.failedCommits = this.#metrics.counter("commit-failed-total");
  }

  /** Has snapshots ask for a value that rises and falls. */
  gauge(name: string, read: () => number): void {
    this.#metrics.gauge(name, read);
  }

  /** Reads all metrics. */
  snapshot(): MetricsSnapshot {
    return this.#metrics.snapshot();
  }
}
