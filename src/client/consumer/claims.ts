import { MillraceError } from "../../errors.ts";
import type { Cluster } from "../cluster.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { Claim, type Generation } from "./claim.ts";
import { type CloseOptions, Consumer } from "./consumer.ts";
import type { ConsumerOptions, RebalanceEvent } from "./options.ts";

/** What is done with a group's partitions, over the life of each claim. */
export interface ClaimHandler<K = Buffer, V = Buffer> {
  /** Runs once per generation, before its first claim is consumed. */
  setUp?(generation: Generation): void | Promise<void>;
  /**
   * Runs once per partition and generation, all side by side. Returns when the claim's stream has
   * ended; a handler that returns before gets nothing more of the partition until the next generation.
   */
  consume(claim: Claim<K, V>): Promise<void>;
  /** Runs once per generation, after its last `consume` has returned and before offsets are committed for the last time. */
  cleanUp?(generation: Generation): void | Promise<void>;
}

/** How claims are read: as any consumer, but always by subscription. */
export type ClaimsOptions<K = Buffer, V = Buffer> = Omit<
  ConsumerOptions<K, V>,
  "assignment" | "onRebalance"
>;

interface Session<K, V> {
  readonly generation: Generation;
  readonly ending: AbortController;
  readonly claims: readonly Claim<K, V>[];
  /** Resolves when every handler has returned. */
  readonly finished: Promise<unknown>;
}

/**
 * Members of a group that work on each partition by itself: for every partition a handler runs, all
 * of them side by side, while heartbeats go on. At a rebalance the streams end, the handlers return,
 * `cleanUp` runs, what is marked is committed, and only then do the partitions go.
 *
 * ```ts
 * await using billing = client.claims({ topics: ["orders"], groupId: "billing" }, {
 *   async consume(claim) {
 *     for await (const batch of claim) {
 *       for (const { value } of batch) await charge(value);
 *       batch.mark();
 *     }
 *   },
 * });
 * await billing.ended;
 * ```
 */
export class Claims<K = Buffer, V = Buffer> {
  /** Resolves once closed; rejects with what a handler threw, or what ended the membership. */
  readonly ended: Promise<void>;
  readonly #cluster: Cluster;
  readonly #consumer: Consumer<K, V>;
  readonly #handler: ClaimHandler<K, V>;
  readonly #end = Promise.withResolvers<void>();
  #session: Session<K, V> | undefined;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** Begins at once. Throws `INVALID_ARGUMENT` without topics or a group. */
  constructor(cluster: Cluster, options: ClaimsOptions<K, V>, handler: ClaimHandler<K, V>) {
    if (options.topics === undefined || options.groupId === undefined) {
      const message = "claims are a group's: give topics and a groupId";
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    this.#cluster = cluster;
    this.#handler = handler;
    this.ended = this.#end.promise;
    this.ended.catch(() => {});
    this.#consumer = new Consumer(cluster, {
      ...options,
      onRebalance: (event) => this.#rebalance(event),
    });
    this.#consumer.start();
    void this.#watch();
  }

  /** The generation at work; undefined between two of them. */
  get generation(): Generation | undefined {
    return this.#session?.generation;
  }

  /** How far behind the reader of each partition is. */
  lag(): ReturnType<Consumer<K, V>["lag"]> {
    return this.#consumer.lag();
  }

  /** Ends the claims as a rebalance would, commits what is marked, and leaves the group. May be called twice. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(options: CloseOptions): Promise<void> {
    await this.#consumer.close(options);
    if (this.#failure) this.#end.reject(this.#failure);
    else this.#end.resolve();
  }

  /** Errors of the membership reach whoever takes from the consumer; here nobody else need do so. */
  async #watch(): Promise<void> {
    try {
      await this.#consumer.untilEnded();
      await this.close();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.close().catch((failure: Error) => this.#end.reject(failure));
  }

  async #rebalance({ event, partitions }: RebalanceEvent): Promise<void> {
    const ended = await this.#endSession();
    const isGoing = (one: TopicPartition) =>
      event !== "assigned" && partitions.some((other) => isSame(one, other));
    for (const claim of ended) if (!isGoing(claim)) this.#resume(claim);
    const staying = this.#consumer.assignment.filter((one) => !isGoing(one));
    if (staying.length > 0 && !this.#closing) await this.#beginSession(staying);
  }

  async #beginSession(partitions: readonly TopicPartition[]): Promise<void> {
    const generation: Generation = { ...this.#consumer.groupMetadata, partitions };
    await this.#handler.setUp?.(generation);
    const ending = new AbortController();
    const claims = partitions.map(
      (one) => new Claim(this.#consumer, one, generation, ending.signal),
    );
    const finished = Promise.all(claims.map((claim) => this.#consume(claim)));
    this.#session = { generation, ending, claims, finished };
  }

  async #consume(claim: Claim<K, V>): Promise<void> {
    try {
      await this.#handler.consume(claim);
      if (claim.signal.aborted) return;
      const { topic, partition } = claim;
      const fields = { topic, partition };
      this.#cluster.logger.warn(
        fields,
        "a handler returned before its claim ended: it gets no more",
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends the streams, waits for the handlers and cleans up; gives the claims that have ended. */
  async #endSession(): Promise<readonly Claim<K, V>[]> {
    const session = this.#session;
    if (!session) return [];
    session.ending.abort();
    await session.finished;
    this.#session = undefined;
    await this.#handler.cleanUp?.(session.generation);
    return session.claims;
  }

  /** Has a partition that stays go on behind what is marked: what nobody marked is given again. */
  #resume(claim: Claim<K, V>): void {
    const { topic, partition, resumeOffset: offset } = claim;
    if (offset === undefined) return;
    const isMarked = this.#consumer.marked(claim) !== undefined;
    this.#consumer.seek({ topic, partition, offset });
    if (isMarked) this.#consumer.mark({ topic, partition, offset });
  }
}

function isSame(left: TopicPartition, right: TopicPartition): boolean {
  return left.topic === right.topic && left.partition === right.partition;
}
