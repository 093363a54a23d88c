import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKafka } from "../../tools/kafka/kafka.ts";
import type { KafkaCluster } from "../../tools/kafka/kafka-cluster.ts";
import { authorizerProperties } from "../../tools/kafka/server-properties.ts";
import { BrokerProcess } from "../broker-process.ts";
import { isEmbedded } from "../cluster.ts";

/** Why a test is skipped in which Apache Kafka takes over, or false. */
export const withoutKafka: string | false = isEmbedded && "it needs Apache Kafka";

/** So that upkeep that a test waits for comes soon. */
const quickUpkeep = { "log.cleaner.backoff.ms": 100, "log.retention.check.interval.ms": 100 };

/** A data directory that our broker and Apache Kafka use in turns, laid out as `startKafka` wants it. */
export class Laptop {
  readonly directory: string = mkdtempSync(join(tmpdir(), "millrace-graduation-"));
  readonly data: string = join(this.directory, "node-1", "log");

  constructor() {
    mkdirSync(this.data, { recursive: true });
  }

  /** Starts our broker in a process of its own. */
  async broker(): Promise<BrokerProcess> {
    const configs = { ...(authorizerProperties as Record<string, string>), ...quickUpkeep };
    return BrokerProcess.start({ dataDir: this.data, port: 0, configs });
  }

  /** Lets Apache Kafka take the directory over; close it before our broker comes back. */
  async kafka(): Promise<KafkaCluster> {
    return startKafka({ data: this.directory, authorizer: true, sasl: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
