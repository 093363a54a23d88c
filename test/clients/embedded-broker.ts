import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Broker, type Logger } from "millrace/broker";

/** Members hear of changes by their heartbeats: often, so that suites need not wait. */
const configs = {
  "group.consumer.min.heartbeat.interval.ms": 100,
  "group.consumer.heartbeat.interval.ms": 250,
  "group.streams.min.heartbeat.interval.ms": 100,
  "group.streams.heartbeat.interval.ms": 250,
};

/** A broker on a temporary directory, for clients that do not know what they talk to. */
export class EmbeddedBroker {
  readonly #broker: Broker;
  readonly #directory: string;
  /** What the broker reported as an error, a sentence each; a suite ends with none. */
  readonly errors: readonly string[];

  private constructor(broker: Broker, directory: string, errors: readonly string[]) {
    this.#broker = broker;
    this.#directory = directory;
    this.errors = errors;
  }

  static async start(): Promise<EmbeddedBroker> {
    const directory = await mkdtemp(join(tmpdir(), "millrace-clients-"));
    const errors: string[] = [];
    const logger: Logger = {
      debug() {},
      info() {},
      warn() {},
      error: (fields, message) => void errors.push(`${message} ${JSON.stringify(fields)}`),
    };
    const broker = await Broker.start({ port: 0, dataDir: directory, configs, logger });
    return new EmbeddedBroker(broker, directory, errors);
  }

  /** Where clients connect to. */
  get bootstrapServers(): string {
    return this.#broker.bootstrapServers;
  }

  /** Stops it and removes its data. */
  async close(): Promise<void> {
    await this.#broker.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
