import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError, ConnectionError, MillraceError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import { refusal } from "../refusal.ts";
import { mayPass, type RetryPace } from "../retry.ts";

/** What the look-ups ask and tell those who wait for topics. */
export interface LookupEvents {
  /** Whether records still wait for the topic, and it is not known yet. */
  isWanted(topic: string): boolean;
  /** The topic cannot be written to, and waiting will not help. */
  refused(topic: string, error: MillraceError): void;
}

/** Asks for the metadata of topics again and again, as long as records wait for it. */
export class TopicLookups {
  readonly #cluster: Cluster;
  readonly #pace: RetryPace;
  readonly #events: LookupEvents;
  /** The topics that are being looked up, and why they were not found so far. */
  readonly #troubles = new Map<string, MillraceError | undefined>();
  readonly #closing = new AbortController();

  constructor(cluster: Cluster, pace: RetryPace, events: LookupEvents) {
    this.#cluster = cluster;
    this.#pace = pace;
    this.#events = events;
  }

  /** Begins to look a topic up, unless that is being done. That it was found is told by the cluster. */
  begin(topic: string): void {
    if (this.#troubles.has(topic)) return;
    this.#troubles.set(topic, undefined);
    void this.#lookUp(topic).finally(() => {
      this.#troubles.delete(topic);
      // Whoever was refused may have come again in the meantime.
      if (this.#events.isWanted(topic) && !this.#closing.signal.aborted) this.begin(topic);
    });
  }

  /** Whether a topic is being looked up. */
  isUnderWay(topic: string): boolean {
    return this.#troubles.has(topic);
  }

  /** The error of a record that waited in vain; `told` says how long. */
  failure(topic: string, told: string): MillraceError {
    const cause = this.#troubles.get(topic);
    if (cause instanceof BrokerError) {
      return new BrokerError(cause.code, `${told} for the topic: ${cause.message}`, { cause });
    }
    if (cause instanceof ConnectionError) {
      return new ConnectionError(cause.code, `${told} for metadata: ${cause.message}`, { cause });
    }
    return new MillraceError("TIMED_OUT", `${told} for metadata`, cause ? { cause } : {});
  }

  /** Asks no more. */
  close(): void {
    this.#closing.abort();
  }

  async #lookUp(topic: string): Promise<void> {
    const { signal } = this.#closing;
    const { clock, random } = this.#cluster.host;
    const backoff = new Backoff(this.#pace.retryBackoffMs, this.#pace.retryBackoffMaxMs, random);
    while (this.#events.isWanted(topic) && !signal.aborted) {
      const trouble = await this.#ask(topic);
      if (trouble === undefined) return;
      this.#troubles.set(topic, trouble);
      if (!mayPass(trouble)) this.#events.refused(topic, trouble);
      else await clock.sleep(backoff.next(), signal).catch(() => {});
    }
  }

  /** Gives what stands in the way of writing to the topic; undefined if nothing does. */
  async #ask(topic: string): Promise<MillraceError | undefined> {
    const { metadata } = this.#cluster;
    try {
      await this.#cluster.refresh([topic]);
    } catch (error) {
      return error as MillraceError;
    }
    if (metadata.topic(topic)) return undefined;
    const code = metadata.errorOf(topic) ?? "UNKNOWN_TOPIC_OR_PARTITION";
    return refusal(brokerErrorNumber(code), `writing to topic ${topic}`);
  }
}
