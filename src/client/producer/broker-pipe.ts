import type { Timer } from "../../clock.ts";
import { type Api, ApiVersions, Produce, type ResponseOf } from "../../protocol/index.ts";
import { commonVersion } from "../broker-link.ts";
import type { Cluster } from "../cluster.ts";
import type { Connection } from "../connection.ts";
import type { PartitionQueue } from "./partition-queue.ts";
import { Freight, type Load, type ProduceHead } from "./produce-request.ts";

/** How requests travel; see `ProducerOptions`. */
export interface PipeSettings {
  /** The lane of the cluster's connections that is this producer's own. */
  readonly lane: string;
  readonly head: ProduceHead;
  readonly maxInFlight: number;
  readonly maxRequestSize: number;
  readonly requestTimeoutMs: number;
  /** The newest version of Produce that may be used at present. */
  newestVersion(): number;
}

/** What a pipe asks and tells the sender. */
export interface PipeEvents {
  /** Whether batches of the queue go through this pipe, and may go now; if not, the sender has it in hand. */
  mayPass(queue: PartitionQueue, brokerId: number): boolean;
  /** The queue has work, but nothing that may go now. */
  stalled(queue: PartitionQueue, now: number): void;
  answered(freight: Freight, answer: ResponseOf<typeof Produce>, tookMs: number): void;
  /** The request failed, or there is no telling what became of it. */
  failed(freight: Freight, error: Error): void;
  /** No connection could be made; the queues that waited for one. */
  unreachable(queues: readonly PartitionQueue[], error: Error): void;
  /** Sent with `acks: 0`: nothing more will be heard of it. */
  sent(freight: Freight): void;
}

/**
 * The way of a producer's batches to one broker: as many requests as are allowed at once, each with at
 * most one batch of every partition that is ready.
 */
export class BrokerPipe {
  readonly brokerId: number;
  readonly #cluster: Cluster;
  readonly #settings: PipeSettings;
  readonly #events: PipeEvents;
  #ready: PartitionQueue[] = [];
  #connection: Connection | undefined;
  #isOpening = false;
  #isPumping = false;
  #isClosed = false;
  #inFlight = 0;
  /** Until when the broker wants to be left alone (KIP-219), by the clock's `elapsed`. */
  #throttledUntil = 0;
  #timer: Timer | undefined;
  readonly #onDrain = () => this.pump();

  constructor(brokerId: number, cluster: Cluster, settings: PipeSettings, events: PipeEvents) {
    this.brokerId = brokerId;
    this.#cluster = cluster;
    this.#settings = settings;
    this.#events = events;
  }

  /** Lists a queue as ready; {@link pump} sends. */
  add(queue: PartitionQueue): void {
    queue.isListed = true;
    this.#ready.push(queue);
  }

  /** Sends what may be sent. */
  pump(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    try {
      while (this.#ready.length > 0 && this.#inFlight < this.#settings.maxInFlight) {
        const connection = this.#openConnection();
        if (!connection || this.#isHeldBack(connection)) break;
        const loads = this.#collect();
        if (loads.length > 0) this.#send(connection, new Freight(loads, this.#cluster.metadata));
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** Resolves once the broker has received all that was sent to it, answered or not; or is gone. */
  async received(): Promise<void> {
    if (!this.#connection?.isOpen) return;
    // A broker takes the requests of a connection in their order.
    const answer = this.#connection.request(ApiVersions, 0, {}, this.#settings.requestTimeoutMs);
    await answer.catch(() => {});
  }

  /** Sends nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #openConnection(): Connection | undefined {
    if (this.#connection?.isOpen) return this.#connection;
    this.#connection = undefined;
    if (this.#isOpening) return undefined;
    this.#isOpening = true;
    this.#cluster.connection(this.brokerId, this.#settings.lane).then(
      (connection) => {
        this.#isOpening = false;
        this.#connection = connection;
        this.pump();
      },
      (error: Error) => {
        this.#isOpening = false;
        const queues = this.#ready.splice(0);
        for (const queue of queues) queue.isListed = false;
        this.#events.unreachable(queues, error);
      },
    );
    return undefined;
  }

  /** Whether the broker, or with `acks: 0` the network, has enough to do. */
  #isHeldBack(connection: Connection): boolean {
    if (this.#settings.head.acks === 0 && connection.isCongested) {
      connection.onDrain(this.#onDrain);
      return true;
    }
    const { clock } = this.#cluster.host;
    const wait = this.#throttledUntil - clock.elapsed();
    if (wait <= 0) return false;
    this.#timer ??= clock.after(wait, () => {
      this.#timer = undefined;
      this.pump();
    });
    return true;
  }

  /** Takes a batch of each queue that is ready, as far as they fit into a request. */
  #collect(): Load[] {
    const now = this.#cluster.host.clock.elapsed();
    const loads: Load[] = [];
    const later: PartitionQueue[] = [];
    let bytes = 0;
    const queues = this.#ready;
    this.#ready = [];
    for (const queue of queues) {
      if (loads.length > 0 && bytes + queue.nextSizeInBytes > this.#settings.maxRequestSize) {
        this.#ready.push(queue);
        continue;
      }
      queue.isListed = false;
      if (!this.#events.mayPass(queue, this.brokerId)) continue;
      const batch = queue.take(now);
      if (batch) {
        loads.push({ queue, batch });
        bytes += batch.sizeInBytes;
      }
      if (!queue.hasWork) continue;
      if (batch) later.push(queue);
      else this.#events.stalled(queue, now);
    }
    for (const queue of later) this.add(queue);
    return loads;
  }

  #send(connection: Connection, freight: Freight): void {
    const { head, requestTimeoutMs } = this.#settings;
    const { clock } = this.#cluster.host;
    let version: number;
    let body: ReturnType<Freight["body"]>;
    try {
      version = commonVersion(connection, Produce as unknown as AnyApi, this.#newest(freight));
      body = freight.body(head);
      if (head.acks === 0) connection.send(Produce, version, body);
    } catch (error) {
      // Not within the call of the user who filled the batch.
      queueMicrotask(() => this.#events.failed(freight, error as Error));
      return;
    }
    if (head.acks === 0) {
      queueMicrotask(() => this.#events.sent(freight));
      return;
    }
    this.#inFlight += 1;
    const sentAt = clock.elapsed();
    connection.request(Produce, version, body, requestTimeoutMs).then(
      (answer) => {
        this.#inFlight -= 1;
        const now = clock.elapsed();
        this.#throttledUntil = now + answer.throttleTimeMs;
        this.#events.answered(freight, answer, now - sentAt);
        this.pump();
      },
      (error: Error) => {
        this.#inFlight -= 1;
        this.#events.failed(freight, error);
        this.pump();
      },
    );
  }

  #newest({ hasIds }: Freight): number {
    return Math.min(this.#settings.newestVersion(), hasIds ? newestProduce : lastWithNames);
  }
}

type AnyApi = Api<unknown, never, unknown, never>;

const newestProduce = Produce.newestStable;
/** The last version that calls topics by their names. */
const lastWithNames = 12;
