import { brokerErrorCode, isStaleMetadata } from "../../broker-error-code.ts";
import type { Timer } from "../../clock.ts";
import { BrokerError, MillraceError } from "../../errors.ts";
import type { Produce, ResponseOf } from "../../protocol/index.ts";
import { Backoff } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import { refusal } from "../refusal.ts";
import { mayPass, type RetryPace } from "../retry.ts";
import { partitionName } from "../topic-partition.ts";
import type { Batch } from "./batch.ts";
import { BrokerPipe, type PipeEvents, type PipeSettings } from "./broker-pipe.ts";
import type { Outcome } from "./delivery.ts";
import type { Identities } from "./identity.ts";
import type { PartitionQueue } from "./partition-queue.ts";
import type { Freight, Load, PartitionAnswer } from "./produce-request.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** How batches are sent; see `ProducerOptions`. */
export interface SenderSettings extends PipeSettings, RetryPace {
  /** Where sequence numbers come from; undefined without idempotence. */
  readonly identities: Identities | undefined;
}

/** What the sender asks and tells its producer. */
export interface SenderEvents {
  /** Whether the partition may be written to; if not, {@link Sender.ready} is to be called once it may. */
  admits(queue: PartitionQueue): boolean;
  /** An identity is needed, and {@link Sender.lookAgain} is to be called once there is one. */
  needsIdentity(): void;
  /** A batch is done, unless it was before; `isReusable` says that nobody else can look at its bytes any more. */
  done(batch: Batch, outcome: Outcome, isReusable: boolean): void;
  /** A batch was too large. Gives the parts it was split into. */
  divide(batch: Batch): readonly Batch[];
  /** A batch will be sent again. */
  retried(batch: Batch): void;
  /** A request was answered after so many milliseconds, or sent where no answer is asked for. */
  answered(tookMs: number | undefined): void;
}

/** The markers of the producer's previous transaction are being written: that takes moments. */
const concurrentBackoffMs = 20;

/**
 * Sends the batches of ready queues to the brokers that lead their partitions, follows leaders that
 * move, and sends again what may be sent again.
 */
export class Sender {
  readonly #cluster: Cluster;
  readonly #settings: SenderSettings;
  readonly #events: SenderEvents;
  readonly #pipes = new Map<number, BrokerPipe>();
  /** Queues with work whose partition has no leader as far as is known. */
  readonly #leaderless = new Set<PartitionQueue>();
  /** Queues with work that wait for the producer's identity. */
  readonly #unidentified = new Set<PartitionQueue>();
  /** Queues with work that wait after a failure. */
  readonly #resting = new Map<PartitionQueue, Timer>();
  readonly #closing = new AbortController();
  #isRefreshing = false;

  constructor(cluster: Cluster, settings: SenderSettings, events: SenderEvents) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#events = events;
  }

  /** Sends what the queue has as soon as it may go. */
  ready(queue: PartitionQueue): void {
    this.#route(queue)?.pump();
  }

  /** Sends what the queues have as soon as it may go: what goes to the same broker, together. */
  readyAll(queues: Iterable<PartitionQueue>): void {
    const pipes = new Set<BrokerPipe | undefined>();
    for (const queue of queues) if (queue.hasWork) pipes.add(this.#route(queue));
    for (const pipe of pipes) pipe?.pump();
  }

  /** Goes on with what has waited for the producer's identity, or asks for one again. */
  lookAgain(): void {
    const queues = [...this.#unidentified];
    this.#unidentified.clear();
    this.readyAll(queues);
  }

  /** Fails all that has not been sent, or that waits to be sent again. */
  abandon(queues: Iterable<PartitionQueue>, error: MillraceError): void {
    for (const queue of queues) this.#fail(queue.abandon(), error);
  }

  /** Resolves once the brokers have received all that was sent to them, as far as they can be reached. */
  async received(): Promise<void> {
    await Promise.all([...this.#pipes.values()].map((pipe) => pipe.received()));
  }

  /** Sends nothing more. */
  close(): void {
    this.#closing.abort();
    for (const pipe of this.#pipes.values()) pipe.close();
    for (const timer of this.#resting.values()) timer.cancel();
  }

  /** Lists the queue with its leader, whose pipe is given, unless it waits for something else. */
  #route(queue: PartitionQueue): BrokerPipe | undefined {
    if (queue.isListed || this.#resting.has(queue)) return undefined;
    if (this.#cluster.isStale) this.#refresh();
    const leader = this.#leaderOf(queue);
    if (leader < 0) {
      this.#leaderless.add(queue);
      this.#refresh();
      return undefined;
    }
    const pipe = this.#pipeTo(leader);
    pipe.add(queue);
    return pipe;
  }

  #leaderOf({ topic, partition }: PartitionQueue): number {
    return this.#cluster.metadata.partition(topic, partition)?.leader ?? -1;
  }

  #pipeTo(brokerId: number): BrokerPipe {
    let pipe = this.#pipes.get(brokerId);
    if (!pipe) {
      pipe = new BrokerPipe(brokerId, this.#cluster, this.#settings, this.#pipeEvents);
      this.#pipes.set(brokerId, pipe);
    }
    return pipe;
  }

  readonly #pipeEvents: PipeEvents = {
    mayPass: (queue, brokerId) => {
      if (this.#leaderOf(queue) !== brokerId) {
        this.ready(queue);
        return false;
      }
      return this.#events.admits(queue);
    },
    stalled: (queue, now) => {
      if (queue.blockedUntil > now) this.#rest(queue, queue.blockedUntil - now);
      else if (this.#settings.identities && !this.#settings.identities.identity) {
        this.#unidentified.add(queue);
        this.#events.needsIdentity();
      }
      // Anything else waits for an answer, after which the queue is looked at again.
    },
    answered: (freight, answer, tookMs) => {
      this.#events.answered(tookMs);
      const moved = this.#takeInLeaders(freight, answer);
      freight.share(answer, (load, one) => this.#settle(load, one));
      for (const queue of moved) queue.unblock();
      this.readyAll(freight.loads.map(({ queue }) => queue));
    },
    failed: (freight, error) => {
      const isHopeless = !mayPass(error) && error.name !== "DecodeError";
      if (!isHopeless) this.#refresh();
      for (const load of freight.loads) {
        load.queue.trouble = error;
        const message = `sending records to ${nameOf(load.batch)} failed: ${error.message}`;
        const failure = isHopeless ? wrapped(error, message) : undefined;
        this.#apply(load, failure ? "failed" : "again", () => failedWith(failure as MillraceError));
      }
      this.readyAll(freight.loads.map(({ queue }) => queue));
    },
    unreachable: (queues, error) => {
      if (!mayPass(error)) {
        this.abandon(queues, wrapped(error, error.message));
        return;
      }
      this.#refresh();
      for (const queue of queues) {
        queue.trouble = error;
        this.#rest(queue, this.#settings.retryBackoffMs);
      }
    },
    sent: (freight) => {
      this.#events.answered(undefined);
      for (const load of freight.loads) this.#apply(load, "written", () => written);
      this.readyAll(freight.loads.map(({ queue }) => queue));
    },
  };

  #settle(load: Load, answer: PartitionAnswer | undefined): void {
    if (answer === undefined) {
      this.#apply(load, "again", () => written);
      return;
    }
    const { errorCode, baseOffset, logAppendTimeMs: appendTime } = answer;
    const code = errorCode === 0 ? undefined : brokerErrorCode(errorCode);
    load.queue.trouble =
      code && refusal(errorCode, `writing to ${nameOf(load.batch)}`, answer.errorMessage);
    if (code !== undefined && isStaleMetadata(code)) this.#refresh();
    const outcome = (isWritten: boolean): Outcome => {
      if (!isWritten) return refused(load.batch, answer);
      return code === undefined ? { name: "written", baseOffset, appendTime } : written;
    };
    const firstMs = code === "CONCURRENT_TRANSACTIONS" ? concurrentBackoffMs : undefined;
    this.#apply(load, verdictOn(code, load.batch.count), outcome, firstMs);
  }

  #apply(
    { queue, batch }: Load,
    verdict: Verdict,
    outcome: (isWritten: boolean) => Outcome,
    firstBackoffMs: number = this.#settings.retryBackoffMs,
  ): void {
    const retryAt = this.#cluster.host.clock.elapsed() + this.#backoffMs(batch, firstBackoffMs);
    switch (queue.settle(batch, verdict, retryAt)) {
      case "written":
        this.#events.done(batch, outcome(true), this.#isAnswered(batch));
        break;
      case "failed":
        this.#events.done(batch, outcome(false), false);
        break;
      case "split":
        queue.requeue(this.#events.divide(batch));
        break;
      case "again":
        this.#events.retried(batch);
        break;
      case "over":
        break;
    }
  }

  /** What was sent twice, or is not answered, may still lie in the buffers of a connection. */
  #isAnswered({ sends }: Batch): boolean {
    return sends === 1 && this.#settings.head.acks !== 0;
  }

  #backoffMs({ sends }: Batch, firstMs: number): number {
    const { retryBackoffMaxMs } = this.#settings;
    const base = Math.min(firstMs * 2 ** Math.min(sends - 1, 30), retryBackoffMaxMs);
    return base * (0.8 + 0.4 * this.#cluster.host.random.float());
  }

  #rest(queue: PartitionQueue, ms: number): void {
    if (this.#resting.has(queue)) return;
    const timer = this.#cluster.host.clock.after(ms, () => {
      this.#resting.delete(queue);
      if (queue.hasWork) this.ready(queue);
    });
    this.#resting.set(queue, timer);
  }

  #fail(batches: readonly Batch[], error: MillraceError): void {
    for (const batch of batches) this.#events.done(batch, failedWith(error), false);
  }

  /** Takes in the leaders that the answer names (KIP-951), and gives the queues that have another one now. */
  #takeInLeaders(freight: Freight, answer: ResponseOf<typeof Produce>): PartitionQueue[] {
    const moved: PartitionQueue[] = [];
    if (answer.nodeEndpoints.length === 0) return moved;
    const { metadata } = this.#cluster;
    for (const { nodeId: id, host, port, rack } of answer.nodeEndpoints) {
      metadata.addBroker({ id, host, port, rack });
    }
    freight.share(answer, ({ queue }, one) => {
      const { leaderId, leaderEpoch } = one?.currentLeader ?? { leaderId: -1, leaderEpoch: -1 };
      if (leaderId < 0) return;
      const before = this.#leaderOf(queue);
      metadata.updateLeader(queue.topic, queue.partition, leaderId, leaderEpoch);
      if (this.#leaderOf(queue) !== before) moved.push(queue);
    });
    return moved;
  }

  /** Asks for metadata, again and again as long as there is work without a leader. */
  #refresh(): void {
    if (this.#isRefreshing || this.#closing.signal.aborted) return;
    this.#isRefreshing = true;
    void this.#refreshUntilLed().finally(() => {
      this.#isRefreshing = false;
      if (this.#leaderless.size > 0) this.#refresh();
    });
  }

  async #refreshUntilLed(): Promise<void> {
    const { clock, random } = this.#cluster.host;
    const { retryBackoffMs, retryBackoffMaxMs } = this.#settings;
    const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, random);
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const topics = [...this.#leaderless].map(({ topic }) => topic);
      // A failure is not the last word: deliveries have their deadline.
      await this.#cluster.refresh([...new Set(topics)]).catch(() => {});
      this.#routeLed();
      if (this.#leaderless.size === 0) return;
      await clock.sleep(backoff.next(), signal).catch(() => {});
    }
  }

  #routeLed(): void {
    const led = [...this.#leaderless].filter(
      (queue) => !queue.hasWork || this.#leaderOf(queue) >= 0,
    );
    for (const queue of led) this.#leaderless.delete(queue);
    this.readyAll(led);
  }
}

/** The outcome of a batch that is in the log, nobody knows where. */
const written: Outcome = { name: "written", baseOffset: -1, appendTime: -1 };

/** The outcome of a batch all of whose records failed for the same reason. */
export function failedWith(error: MillraceError): Outcome {
  return { name: "failed", errorOf: () => error };
}

/** The outcome of a batch that the broker refused, which may name the records at fault (KIP-467). */
function refused(batch: Batch, answer: PartitionAnswer): Outcome {
  const attempt = `writing to ${nameOf(batch)}`;
  const { errorCode, errorMessage, recordErrors } = answer;
  const error = refusal(errorCode, attempt, errorMessage);
  if (recordErrors.length === 0) return failedWith(error);
  const atFault = new Map(
    recordErrors.map(({ batchIndex, batchIndexErrorMessage }) => [
      batchIndex,
      refusal(errorCode, attempt, batchIndexErrorMessage ?? errorMessage),
    ]),
  );
  const message = `${attempt} failed because of another record in the same batch: ${error.message}`;
  const bystander = new BrokerError(error.code, message, { cause: error });
  return { name: "failed", errorOf: (index) => atFault.get(index) ?? bystander };
}

function wrapped(error: Error, message: string): MillraceError {
  if (error instanceof MillraceError) return error;
  return new MillraceError("INVALID_ARGUMENT", message, { cause: error });
}

function nameOf({ topic, partition }: Batch): string {
  return partitionName(topic, partition);
}
