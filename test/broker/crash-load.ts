import { type Client, type Consumer, type Producer, string } from "../../src/client/index.ts";

/** Where a record was said to be. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** Someone who works with a broker that is killed under him, and keeps book of what he was promised. */
export interface Worker {
  /** Ends when asked to, or with the first error that a broker's death does not excuse. */
  readonly done: Promise<void>;
  /** Brings the work to its end; resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

const padding = "x".repeat(300);

/** Where a {@link SequenceWriter} writes, and how fast. */
export interface SequenceOptions {
  readonly topic: string;
  readonly partitions: number;
  /** How long a record waits for others, in milliseconds; 1 by default. */
  readonly lingerMs?: number | undefined;
}

/** Writes numbered records with an idempotent producer, some at a time. */
export class SequenceWriter implements Worker {
  readonly name: string;
  readonly topic: string;
  readonly partitions: number;
  /** Where each number is, by what the broker has acknowledged. */
  readonly acknowledged = new Map<number, Place>();
  readonly done: Promise<void>;
  readonly #producer: Producer<string, string>;
  #isStopping = false;

  constructor(client: Client, name: string, { topic, partitions, lingerMs = 1 }: SequenceOptions) {
    this.name = name;
    this.topic = topic;
    this.partitions = partitions;
    this.#producer = client.producer({ key: string, value: string, lingerMs, batchSize: 2_000 });
    this.done = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.done;
    await this.#producer.close();
  }

  async #run(): Promise<void> {
    for (let wave = 0; !this.#isStopping; wave += 1) {
      const numbers = Array.from({ length: 20 }, (_, index) => wave * 20 + index);
      await Promise.all(numbers.map((number) => this.#write(number)));
    }
  }

  keyOf(number: number): string {
    return `${this.name}-${number % 50}`;
  }

  async #write(number: number): Promise<void> {
    const record = {
      topic: this.topic,
      partition: number % this.partitions,
      key: this.keyOf(number),
      value: `${this.name}:${number}:${padding}`,
    };
    this.acknowledged.set(number, await this.#producer.send(record));
  }
}

/** What became of a transaction, as far as the producer was told. */
export type Outcome = "committed" | "aborted" | "unknown";

/** Writes to two topics and commits an offset in each transaction, and aborts every fourth. */
export class TransactionWriter implements Worker {
  readonly name: string;
  /** By the transaction's number. */
  readonly outcomes: Outcome[] = [];
  /** What each transaction writes to each topic. */
  readonly parts: readonly string[] = ["0", "1", "2"];
  readonly done: Promise<void>;
  readonly #client: Client;
  readonly #topics: readonly string[];
  readonly #lingerMs: number;
  #isStopping = false;

  constructor(client: Client, name: string, topics: readonly string[], lingerMs = 1) {
    this.name = name;
    this.#lingerMs = lingerMs;
    this.#client = client;
    this.#topics = topics;
    this.done = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.done;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const producer = this.#client.producer({
        key: string,
        value: string,
        transactionalId: this.name,
        lingerMs: this.#lingerMs,
      });
      try {
        while (!this.#isStopping && producer.state !== "fatal-error") await this.#next(producer);
      } finally {
        await producer.close();
      }
    }
  }

  async #next(producer: Producer<string, string>): Promise<void> {
    const number = this.outcomes.length;
    // What is not known otherwise must be there as a whole or not at all.
    this.outcomes.push("unknown");
    try {
      await producer.begin();
      const sends = this.#topics.flatMap((topic) =>
        this.parts.map((part) =>
          producer.send({ topic, key: this.name, value: `${this.name}:${number}:${part}` }),
        ),
      );
      const offset = { topic: this.#topics[0] as string, partition: 0, offset: number };
      await Promise.all([...sends, producer.sendOffsets([offset], this.name)]);
      const end = number % 4 === 3 ? "abort" : "commit";
      await producer[end]();
      this.outcomes[number] = end === "abort" ? "aborted" : "committed";
    } catch (error) {
      if (producer.state !== "abortable-error") {
        if (producer.state === "fatal-error") return;
        throw error;
      }
      await producer.abort();
      this.outcomes[number] = "aborted";
    }
  }
}

/** A member of a group that commits whatever it has read. */
export class GroupReader implements Worker {
  readonly done: Promise<void>;
  readonly #consumer: Consumer<string, string>;
  readonly #books: GroupBooks;

  constructor(client: Client, books: GroupBooks, groupProtocol: "classic" | "consumer") {
    this.#books = books;
    this.#consumer = client.consumer({
      topics: books.topics,
      groupId: books.groupId,
      groupProtocol,
      autoOffsetReset: "earliest",
      enableAutoCommit: false,
      heartbeatIntervalMs: 300,
      key: string,
      value: string,
    });
    this.done = this.#run();
  }

  async stop(): Promise<void> {
    await this.#consumer.close();
    await this.done;
  }

  async #run(): Promise<void> {
    for await (const batch of this.#consumer) {
      const values = batch.records().map(({ value }) => value);
      const partition = `${batch.topic}-${batch.partition}`;
      const { nextOffset } = batch;
      this.#books.read(values);
      const isCommitted = await batch.commit().then(
        () => true,
        // Another has the partition, or the wait was too long: nothing was promised.
        () => false,
      );
      if (isCommitted) this.#books.committed(partition, nextOffset);
    }
  }
}

/** What the members of a group have read, and what was acknowledged as committed. */
export class GroupBooks {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly values = new Set<string>();
  readonly offsets = new Map<string, number>();

  constructor(groupId: string, topics: readonly string[]) {
    this.groupId = groupId;
    this.topics = topics;
  }

  read(values: readonly (string | null)[]): void {
    for (const value of values) this.values.add(`${value}`);
  }

  committed(partition: string, offset: number): void {
    this.offsets.set(partition, Math.max(offset, this.offsets.get(partition) ?? 0));
  }
}
