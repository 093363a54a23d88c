import { MillraceError } from "../../errors.ts";
import { InitProducerId } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { throwIfRefused } from "../refusal.ts";
import { type RetryPace, retrying } from "../retry.ts";
import { greatestEpoch, type Identities, type ProducerIdentity } from "./identity.ts";

/** How the identity is asked for, and who hears of it. */
export interface IdempotenceSettings {
  readonly lane: string;
  readonly pace: RetryPace;
  /** How long one series of attempts may take, in milliseconds. */
  readonly timeoutMs: number;
  /** There is an identity, or the attempts were in vain; {@link Idempotence.acquire} makes new ones. */
  readonly onAttempt: () => void;
  /** The broker will not give one: what was to be written under it has failed. */
  readonly onFailure: (error: MillraceError) => void;
}

/** Without transactions, the broker does not look at the timeout; Kafka's own client sends this. */
const noTimeoutMs = 0x7fffffff;

/**
 * The identity of an idempotent producer without transactions: got from any broker when it is first
 * needed. New epochs it gives itself (KIP-360), until they are used up.
 */
export class Idempotence implements Identities {
  identity: ProducerIdentity | undefined;
  readonly #cluster: Cluster;
  readonly #settings: IdempotenceSettings;
  readonly #closing = new AbortController();
  #isAcquiring = false;

  constructor(cluster: Cluster, settings: IdempotenceSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
  }

  newerThan(stale: ProducerIdentity): ProducerIdentity | undefined {
    if (this.identity !== stale) return this.identity;
    const { producerId, producerEpoch } = stale;
    const hasNext = producerEpoch < greatestEpoch;
    this.identity = hasNext ? { producerId, producerEpoch: producerEpoch + 1 } : undefined;
    return this.identity;
  }

  /** Asks for an identity unless that is being done; what comes of it is told by the settings' callbacks. */
  acquire(): void {
    if (this.#isAcquiring) return;
    this.#isAcquiring = true;
    void this.#acquire();
  }

  /** Asks no more. */
  close(): void {
    this.#closing.abort();
  }

  async #acquire(): Promise<void> {
    const { onAttempt, onFailure } = this.#settings;
    try {
      this.identity = await this.#ask();
    } catch (error) {
      this.#isAcquiring = false;
      if (this.#closing.signal.aborted) return;
      // That no broker was reached in time is for the deliveries' own deadline to judge.
      const isLate = error instanceof MillraceError && error.code === "TIMED_OUT";
      if (isLate) onAttempt();
      else onFailure(error as MillraceError);
      return;
    }
    this.#isAcquiring = false;
    onAttempt();
  }

  #ask(): Promise<ProducerIdentity> {
    const { lane, pace, timeoutMs } = this.#settings;
    const { signal } = this.#closing;
    const attempt = "getting an identity for an idempotent producer";
    const body = { transactionalId: null, transactionTimeoutMs: noTimeoutMs };
    return retrying(this.#cluster.host, pace, { attempt, timeoutMs, signal }, async () => {
      const answer = await this.#cluster.request("any", InitProducerId, body, { lane, signal });
      throwIfRefused(answer.errorCode, attempt);
      const { producerId, producerEpoch } = answer;
      return { producerId, producerEpoch };
    });
  }
}
