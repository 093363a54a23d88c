import type { Cluster } from "../cluster.ts";
import { ClusterOverview } from "./cluster-overview.ts";
import { Configs } from "./configs.ts";
import { GroupOffsets } from "./group-offsets.ts";
import { Groups } from "./groups.ts";
import { Partitions } from "./partitions.ts";
import { Producers } from "./producers.ts";
import { Records } from "./records.ts";
import { ShareGroupOffsets } from "./share-group-offsets.ts";
import { Topics } from "./topics.ts";
import { Transactions } from "./transactions.ts";

/**
 * The administration of a cluster, by what it is about. Three rules hold for all operations:
 *
 * - Asked about one object, an operation resolves with its result or throws its error. Asked about
 *   a list, it resolves with a Map that has an outcome for each, `done` or `failed`, and throws only
 *   when it was aborted, the client is closed, or the request makes no sense. `valuesOrThrow` turns such
 *   a Map into one of values, and throws the first error.
 * - The last argument takes `timeoutMs` (60,000 by default) and `signal`. What may pass is tried
 *   again until then: a leader or coordinator that moves, a broker that restarts.
 * - Errors name the object and say what to do; their `code` is Kafka's name for what the broker said.
 *
 * ```ts
 * const admin = client.admin();
 * await admin.topics.create({ name: "orders", numPartitions: 6, configs: { "retention.ms": "-1" } });
 * for (const [name, outcome] of await admin.topics.describe(["orders", "payments"])) {
 *   if (outcome.state === "failed") console.error(name, outcome.error.message);
 * }
 * await admin.groupOffsets.reset("billing", { to: "earliest", topics: ["orders"] });
 * ```
 */
export class Admin {
  /** Creates, deletes, lists and describes topics. */
  readonly topics: Topics;
  /** Adds partitions and elects their leaders. */
  readonly partitions: Partitions;
  /** Shows and changes configurations. */
  readonly configs: Configs;
  /** Deletes records and finds offsets. */
  readonly records: Records;
  /** Lists, describes and deletes groups of every kind. */
  readonly groups: Groups;
  /** Shows and changes the offsets that groups have committed. */
  readonly groupOffsets: GroupOffsets;
  /** Shows and changes the places from which share groups go on. */
  readonly shareGroupOffsets: ShareGroupOffsets;
  /** Shows brokers, features, the controllers' quorum and log directories. */
  readonly cluster: ClusterOverview;
  /** Shows and fences producers. */
  readonly producers: Producers;
  /** Lists, describes and aborts transactions. */
  readonly transactions: Transactions;

  /** Shares the cluster's connections; there is nothing to close. */
  constructor(cluster: Cluster) {
    this.topics = new Topics(cluster);
    this.partitions = new Partitions(cluster);
    this.configs = new Configs(cluster);
    this.records = new Records(cluster);
    this.groups = new Groups(cluster);
    this.groupOffsets = new GroupOffsets(cluster);
    this.shareGroupOffsets = new ShareGroupOffsets(cluster);
    this.cluster = new ClusterOverview(cluster);
    this.producers = new Producers(cluster);
    this.transactions = new Transactions(cluster);
  }
}
