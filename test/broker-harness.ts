import { Broker } from "../src/broker/broker.ts";
import type { BrokerHost, BrokerOptions } from "../src/broker/broker-options.ts";
import { Connection } from "../src/client/connection.ts";
import type { Clock } from "../src/clock.ts";
import { MemoryDisk } from "../src/memory-disk.ts";
import { type Api, CreateTopics, Produce, RecordBatchBuilder } from "../src/protocol/index.ts";
import { systemRandom } from "../src/random.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Longer than anything that a test waits for; virtual, so it costs nothing. */
const patienceMs = 3_600_000;

/** A machine of its own, on which waiting takes no time and whose disk and network are memory. */
export function virtualHost(): BrokerHost {
  const clock: Clock = new VirtualClock();
  return { clock, random: systemRandom, network: new MemoryNetwork(), disk: new MemoryDisk() };
}

/** A broker on a virtual machine, and connections that speak the bare protocol with it. */
export class BrokerHarness {
  readonly host: BrokerHost;
  readonly broker: Broker;
  readonly #connections: Connection[] = [];

  private constructor(host: BrokerHost, broker: Broker) {
    this.host = host;
    this.broker = broker;
  }

  static async start(options: BrokerOptions = {}): Promise<BrokerHarness> {
    const host = options.host ?? virtualHost();
    return new BrokerHarness(host, await Broker.start({ port: 0, ...options, host }));
  }

  /** A connection of its own. */
  async connect(clientId = "test"): Promise<Connection> {
    const endpoint = { host: "127.0.0.1", port: this.broker.port() as number };
    const settings = { clientId, connectTimeoutMs: patienceMs, maxFrameBytes: 100_000_000 };
    const connection = await Connection.open(endpoint, settings, this.host);
    this.#connections.push(connection);
    return connection;
  }

  /** Asks over a connection that all who ask this way share. */
  async ask<Request, RequestIn, Response, ResponseIn>(
    api: Api<Request, RequestIn, Response, ResponseIn>,
    version: number,
    body: RequestIn,
  ): Promise<Response> {
    const connection = this.#connections[0] ?? (await this.connect());
    return connection.request(api, version, body, patienceMs);
  }

  /** Makes a topic; gives its id. */
  async createTopic(
    name: string,
    numPartitions = 1,
    configs: { readonly [name: string]: string } = {},
  ): Promise<string> {
    const { topics } = await this.ask(CreateTopics, 7, {
      topics: [
        {
          name,
          numPartitions,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs: patienceMs,
    });
    const [topic] = topics;
    if (topic?.errorCode !== 0) throw new Error(`${name} was not made: ${topic?.errorMessage}`);
    return topic.topicId;
  }

  /** Appends a batch to a partition; gives the partition's part of the answer. */
  async produce(topic: string, index: number, records: Buffer, version = 9) {
    const { responses } = await this.ask(Produce, version, {
      acks: -1,
      timeoutMs: patienceMs,
      topicData: [{ name: topic, partitionData: [{ index, records }] }],
    });
    const [answer] = responses[0]?.partitionResponses ?? [];
    if (answer === undefined) throw new Error("the answer has no partition");
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await this.broker.close();
  }
}

/** A batch of records with these values, stamped with the given time. */
export function batchOf(values: readonly string[], timestamp: number, key = "k"): Buffer {
  const builder = new RecordBatchBuilder({ capacity: 1024 });
  for (const value of values) builder.append(timestamp, Buffer.from(key), Buffer.from(value));
  return builder.finish();
}
