import type { Logger } from "../log.ts";
import type { BrokerHost } from "./broker-options.ts";
import { FetchSessions } from "./fetch-sessions.ts";
import { ClassicGroups } from "./groups/classic-groups.ts";
import { classicSettings } from "./groups/classic-settings.ts";
import { ConsumerGroups } from "./groups/consumer/consumer-groups.ts";
import { GroupCoordinator } from "./groups/group-coordinator.ts";
import { MetadataHashes } from "./groups/metadata-hash.ts";
import { StreamsGroups } from "./groups/streams/streams-groups.ts";
import { LogDirectory } from "./log/log-directory.ts";
import { LogUpkeep } from "./log-upkeep.ts";
import { Controller } from "./metadata/controller.ts";
import { Partitions } from "./partitions.ts";
import type { BrokerSettings } from "./settings.ts";
import { TransactionCoordinator } from "./transactions/transaction-coordinator.ts";

/** What the parts are opened with. */
export interface PartsOptions {
  /** With the ports that the listeners really have. */
  readonly settings: BrokerSettings;
  readonly host: BrokerHost;
  readonly logger: Logger;
  readonly clusterId: string | undefined;
}

/** Where the data lies on a disk that is memory. */
const memoryDirectory = "/memory";
/** Kafka's default of `producer.id.expiration.ms`. */
const producerIdExpirationMs = 86_400_000;

/**
 * The parts of a broker below its handlers, opened in the order in which they need one another and
 * closed in the opposite one: logs, metadata, partitions, coordinators, upkeep.
 */
export class BrokerParts {
  readonly directory: LogDirectory;
  readonly controller: Controller;
  readonly partitions: Partitions;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly fetchSessions: FetchSessions;
  readonly upkeep: LogUpkeep;

  constructor({ settings, host, logger, clusterId }: PartsOptions) {
    const { clock, random, disk } = host;
    const { dataDir: path = memoryDirectory, configs } = settings;
    this.directory = new LogDirectory({
      path,
      disk,
      clock,
      logger,
      producerIdExpirationMs: Number(
        configs.get("producer.id.expiration.ms") ?? producerIdExpirationMs,
      ),
    });
    const { directory } = this;
    const { wasClosedCleanly } = directory;
    try {
      this.controller = new Controller({
        settings,
        disk,
        directory: path,
        clock,
        random,
        logger,
        wasClosedCleanly,
        clusterId,
      });
    } catch (error) {
      // What was closed in order before stays so.
      directory.close();
      throw error;
    }
    const { controller } = this;
    const number = (name: string) => Number(controller.brokerConfig(name));
    this.partitions = new Partitions({ directory, controller, logger, logDir: path, disk });
    const { partitions } = this;
    this.groups = newGroups({ host, logger, partitions, controller });
    const { groups } = this;
    this.transactions = new TransactionCoordinator({
      clock,
      logger,
      partitions,
      controller,
      onOffsetsMarker: (partition, producerId, outcome) =>
        groups.completeTransaction(partition, producerId, outcome),
    });
    this.fetchSessions = new FetchSessions({
      slots: number("max.incremental.fetch.session.cache.slots"),
      clock,
      random,
    });
    this.upkeep = new LogUpkeep({
      clock,
      random,
      logger,
      directory,
      partitions: () => partitions.all(),
      retentionCheckMs: number("log.retention.check.interval.ms"),
      cleanerBackoffMs: number("log.cleaner.backoff.ms"),
      checkpointMs: number("log.flush.offset.checkpoint.interval.ms"),
    });
  }

  /**
   * Opens all logs, tells the metadata where the broker is to be reached, and begins to load the
   * coordinators' state, which goes on after the call.
   */
  open({ listeners }: BrokerSettings): void {
    this.partitions.open();
    this.controller.register(
      listeners.map(({ name, protocol, host, port, advertisedHost, advertisedPort }) => ({
        name,
        protocol,
        host: advertisedHost ?? host,
        port: advertisedPort ?? port,
      })),
    );
    void this.groups.open();
    this.transactions.start();
    this.upkeep.start();
  }

  /** Closes all, the log directory last, since its marker says that all went well. */
  close(): void {
    this.upkeep.close();
    this.transactions.close();
    this.groups.close();
    this.controller.close();
    this.directory.close(this.controller.brokerEpoch);
  }
}

function newGroups({
  host: { clock, random },
  logger,
  partitions,
  controller,
}: Pick<PartsOptions, "host" | "logger"> &
  Pick<BrokerParts, "partitions" | "controller">): GroupCoordinator {
  const classic = new ClassicGroups({
    settings: classicSettings(controller),
    random,
    timestamp: () => clock.now(),
  });
  const hashes = new MetadataHashes(controller.configs.broker("broker.rack"));
  const consumer = new ConsumerGroups({
    image: () => controller.image,
    configs: controller,
    clock,
    random,
    hashes,
    installClassic: (group, now, options) => classic.install(group, now, options),
  });
  const streams = new StreamsGroups({ controller, clock, hashes });
  const kinds = { classic, consumer, streams };
  return new GroupCoordinator({ clock, logger, partitions, controller, kinds });
}
