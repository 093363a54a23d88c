import type { Clock, Timer } from "../../clock.ts";
import { MillraceError } from "../../errors.ts";
import type { Field, RecordHeaderIn } from "../../protocol/index.ts";
import { Outstanding } from "./outstanding.ts";
import type { Recipient } from "./recipient.ts";
import type { ProducerRecord } from "./record.ts";

/** A record that has not found room in a batch yet; key and value are serialized already. */
export interface WaitingRecord {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly timestamp: number;
  readonly key: Field;
  readonly value: Field;
  readonly headers: readonly RecordHeaderIn[] | undefined;
  readonly recipient: Recipient | undefined;
  /** What the user's partitioner is shown; undefined if there is none. */
  readonly record: ProducerRecord<unknown, unknown> | undefined;
  readonly sizeInBytes: number;
}

interface Stay {
  readonly until: number;
  readonly ordinal: number;
}

/**
 * Where records wait for room or for their topic's metadata: in the order of their arrival within each
 * topic, up to a number of bytes, and each no longer than `maxBlockMs`.
 */
export class WaitingRoom {
  /** The records that wait. */
  readonly outstanding = new Outstanding();
  readonly #clock: Clock;
  readonly #maxBlockMs: number;
  readonly #limitBytes: number;
  readonly #onExpired: (record: WaitingRecord) => void;
  /** In the order of arrival, which is that of expiry. */
  readonly #stays = new Map<WaitingRecord, Stay>();
  readonly #byTopic = new Map<string, Set<WaitingRecord>>();
  #bytes = 0;
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    { maxBlockMs, limitBytes }: { readonly maxBlockMs: number; readonly limitBytes: number },
    onExpired: (record: WaitingRecord) => void,
  ) {
    this.#clock = clock;
    this.#maxBlockMs = maxBlockMs;
    this.#limitBytes = limitBytes;
    this.#onExpired = onExpired;
  }

  /** Lets a record in; throws `BUFFER_FULL` if too many wait already. */
  add(record: WaitingRecord): void {
    if (this.#bytes >= this.#limitBytes) {
      const message = `a record for topic ${record.topic} was refused: the producer's buffer is full, and as much again waits for room; await what send or enqueue returns, or raise bufferMemory`;
      throw new MillraceError("BUFFER_FULL", message);
    }
    const until = this.#clock.elapsed() + this.#maxBlockMs;
    this.#stays.set(record, { until, ordinal: this.outstanding.enter() });
    this.#bytes += record.sizeInBytes;
    let records = this.#byTopic.get(record.topic);
    if (!records) {
      records = new Set();
      this.#byTopic.set(record.topic, records);
    }
    records.add(record);
    this.#setTimer();
  }

  /** The record of the topic that has waited longest. */
  first(topic: string): WaitingRecord | undefined {
    return this.#byTopic.get(topic)?.values().next().value;
  }

  /** The records of the topic, or all, in the order of arrival. */
  records(topic?: string): WaitingRecord[] {
    return [...(topic === undefined ? this.#stays.keys() : (this.#byTopic.get(topic) ?? []))];
  }

  /** Lets a record out; false if it has left before. */
  remove(record: WaitingRecord): boolean {
    const stay = this.#stays.get(record);
    if (!stay) return false;
    this.#stays.delete(record);
    this.#bytes -= record.sizeInBytes;
    const records = this.#byTopic.get(record.topic);
    records?.delete(record);
    if (records?.size === 0) this.#byTopic.delete(record.topic);
    this.outstanding.leave(stay.ordinal);
    return true;
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.cancel();
  }

  #setTimer(): void {
    if (this.#timer) return;
    const [first] = this.#stays.values();
    if (!first) return;
    this.#timer = this.#clock.after(Math.max(first.until - this.#clock.elapsed(), 0), () => {
      this.#timer = undefined;
      this.#expire();
      this.#setTimer();
    });
  }

  #expire(): void {
    const now = this.#clock.elapsed();
    for (const [record, { until }] of this.#stays) {
      if (until > now) return;
      if (this.remove(record)) this.#onExpired(record);
    }
  }
}
