import type { FramePool } from "../frame-pool.ts";
import type { Host } from "../host.ts";
import type { Logger } from "../log.ts";
import type { FetchSessions } from "./fetch-sessions.ts";
import type { GroupCoordinator } from "./groups/group-coordinator.ts";
import type { Controller } from "./metadata/controller.ts";
import type { Partitions } from "./partitions.ts";
import type { BrokerSettings } from "./settings.ts";
import type { TransactionCoordinator } from "./transactions/transaction-coordinator.ts";

/** One API that the broker serves, as clients are told. */
export interface ServedApi {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** The parts of a running broker, as its handlers see them. */
export interface BrokerServices {
  readonly host: Host;
  readonly logger: Logger;
  readonly settings: BrokerSettings;
  readonly clusterId: string;
  readonly controller: Controller;
  readonly partitions: Partitions;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly fetchSessions: FetchSessions;
  /** The memory that large reads go into, given back once an answer has left. */
  readonly readMemory: FramePool;
  /** In the order of their keys. */
  readonly servedApis: readonly ServedApi[];
  /** Where a listener is to be reached, as clients are told. */
  endpoint(listenerName: string): { readonly host: string; readonly port: number };
}
