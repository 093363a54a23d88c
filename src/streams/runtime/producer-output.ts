import type { Producer } from "../../client/index.ts";
import type { Clock } from "../../clock.ts";
import { MillraceError, reasonOf } from "../../errors.ts";
import type { Field } from "../../protocol/index.ts";
import type { Headers } from "../message.ts";
import { noTimestamp } from "../stores/store-builder.ts";
import { ease } from "./ease.ts";
import type { ProductionExceptionHandler, ProductionFailure } from "./error-handlers.ts";
import type { Output } from "./output.ts";

/** What a {@link ProducerOutput} works with. */
export interface ProducerOutputParts {
  readonly producer: Producer<never, never>;
  readonly clock: Clock;
  readonly onFailure: ProductionExceptionHandler;
}

/**
 * Writes the records of all tasks of a thread through one producer. It never waits: whoever writes looks
 * at {@link pressure} now and then, and awaits it before going on.
 */
export class ProducerOutput implements Output {
  /** When it is a good time to go on; undefined while there is room. */
  pressure: Promise<void> | undefined;
  readonly #producer: Producer<never, never>;
  readonly #clock: Clock;
  readonly #onFailure: ProductionExceptionHandler;
  readonly #partitions = new Map<string, number>();
  /** What waits for a topic's number of partitions, in the order of the writes. */
  readonly #deferred = new Map<string, Deferred>();
  readonly #closing = new AbortController();
  #failure: MillraceError | undefined;

  constructor({ producer, clock, onFailure }: ProducerOutputParts) {
    this.#producer = producer;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  send(
    topic: string,
    partition: number | undefined,
    key: Field,
    value: Field,
    timestamp: number,
    headers: Headers,
  ): void {
    try {
      const pressure = this.#producer.append(
        topic,
        partition,
        timestamp === noTimestamp ? this.#clock.now() : timestamp,
        key,
        value,
        headers.length === 0 ? undefined : headers,
      );
      if (pressure) this.#press(pressure);
    } catch (error) {
      const record = { key, value, timestamp, headers };
      this.failed({ error, stage: "delivery", topic, partition, records: 1, record });
    }
  }

  partitions(topic: string): number | undefined {
    return this.#partitions.get(topic);
  }

  later(topic: string, write: () => void): void {
    let deferred = this.#deferred.get(topic);
    if (!deferred) {
      deferred = { writes: [], lookup: this.#lookUp(topic) };
      this.#deferred.set(topic, deferred);
    }
    deferred.writes.push(write);
    // What bounds the queue: no more is processed until the number is known.
    this.#press(deferred.lookup);
  }

  failed(failure: ProductionFailure): void {
    if (this.#onFailure(failure) === "continue") return;
    const { error, topic, partition, stage } = failure;
    const place = partition === undefined ? topic : `${topic}-${partition}`;
    const attempt = stage === "serialization" ? "serialized for" : "written to";
    const message = `a record could not be ${attempt} ${place}: ${reasonOf(error)}; a production handler could go on without it`;
    throw new MillraceError("PRODUCTION_FAILED", message, { cause: error });
  }

  /** Hears of records that the producer could not deliver; what it decides is thrown at the next {@link check}. */
  undelivered(
    error: MillraceError,
    batch: { topic: string; partition: number; records: number },
  ): void {
    if (this.#closing.signal.aborted) return;
    try {
      const { topic, records } = batch;
      // Records that never got as far as a partition come under −1.
      const partition = batch.partition < 0 ? undefined : batch.partition;
      this.failed({ error, stage: "delivery", topic, partition, records, record: undefined });
    } catch (failure) {
      this.#failure ??= failure as MillraceError;
    }
  }

  /** Throws what has gone wrong since the last time. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Resolves when all that was written is at the brokers; rejects where a part of it never will be, or with ABORTED. */
  async flush(signal?: AbortSignal): Promise<void> {
    for (const { lookup } of this.#deferred.values()) await ease(lookup, signal);
    this.check();
    await this.#producer.flush({ signal });
    this.check();
    // Known topics are not asked for again: their numbers follow the producer's own picture of the cluster.
    for (const topic of this.#partitions.keys()) {
      this.#partitions.set(topic, await this.#producer.partitionCount(topic, { signal }));
    }
  }

  /** Looks no topic up any more, and hears of no more failures: what is given up from now on is meant to be. */
  close(): void {
    this.#closing.abort();
  }

  /** One behind the last offset that a partition's records were acknowledged at; see `Producer.writtenEnd`. */
  writtenEnd(topic: string, partition: number): number | undefined {
    return this.#producer.writtenEnd({ topic, partition });
  }

  #press(pressure: Promise<void>): void {
    if (pressure === this.pressure) return;
    this.pressure = pressure;
    void pressure.then(() => {
      if (this.pressure === pressure) this.pressure = undefined;
    });
  }

  async #lookUp(topic: string): Promise<void> {
    const { signal } = this.#closing;
    try {
      this.#partitions.set(topic, await this.#producer.partitionCount(topic, { signal }));
      for (const write of this.#deferred.get(topic)?.writes ?? []) write();
    } catch (cause) {
      this.#failure ??= cause as MillraceError;
    } finally {
      this.#deferred.delete(topic);
    }
  }
}

/** Writes that wait for the number of a topic's partitions. */
interface Deferred {
  readonly writes: (() => void)[];
  /** Resolves when they are written, or given up. */
  readonly lookup: Promise<void>;
}
