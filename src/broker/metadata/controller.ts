import type { Clock } from "../../clock.ts";
import type { Disk } from "../../disk.ts";
import { BrokerError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecordIn,
} from "../../protocol/index.ts";
import type { Random } from "../../random.ts";
import type { LogConfig } from "../log/log-config.ts";
import type { BrokerSettings } from "../settings.ts";
import { scramMechanismIds, scramRecord } from "./access-image.ts";
import type {
  AclBinding,
  ConfigResource,
  ScramCredential,
  ScramMechanism,
} from "./cluster-image.ts";
import { type ConfigChange, decideConfigChanges, decideConfigs } from "./config-control.ts";
import { EffectiveConfigs, resourceType } from "./effective-configs.ts";
import { decideFeatures, type FeatureUpdate } from "./feature-control.ts";
import { logConfigOf } from "./log-configs.ts";
import { newUuid, openMetaProperties } from "./meta-properties.ts";
import { MetadataChanges, type MetadataDelta } from "./metadata-changes.ts";
import { MetadataImage } from "./metadata-image.ts";
import { MetadataLog } from "./metadata-log.ts";
import { MetadataReplay } from "./metadata-replay.ts";
import {
  type BrokerEndpoint,
  brokerFenced,
  brokerRegistration,
  firstRecords,
  takeOver,
} from "./node-control.ts";
import { staticConfigs } from "./static-configs.ts";
import {
  type ControlFacts,
  checkAssignment,
  decidePartitions,
  decideTopics,
} from "./topic-control.ts";
import type { CreatedTopic, PartitionsToCreate, TopicToCreate } from "./topic-to-create.ts";

export type { TopicToCreate } from "./topic-to-create.ts";

/** How many records one change may write (`MAX_RECORDS_PER_USER_OP`). */
const maxRecordsPerChange = 10_000;
/** How many producer ids a block has (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`). */
const producerIdBlockSize = 1000;

/** A SCRAM credential to be set, or with undefined to be taken away. */
export interface ScramChange {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  readonly credential: ScramCredential | undefined;
}

/** Told of changes to the metadata, to act on them. */
export interface MetadataListener {
  /** Called after the records are safe and the image has changed; must not throw. */
  changed(delta: MetadataDelta): void;
}

/** What a controller is made of. */
export interface ControllerOptions {
  readonly settings: BrokerSettings;
  readonly disk: Disk;
  /** The log directory: `__cluster_metadata-0` and `meta.properties` lie in it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether who used the directory last closed it in order; if not, the leader epochs of all partitions go up. */
  readonly wasClosedCleanly: boolean;
  /** The cluster's id for a directory that has none yet, in base64url; any by default. */
  readonly clusterId?: string | undefined;
}

/**
 * The one that changes the cluster's metadata: checks what is asked for as Kafka's QuorumController
 * does, writes the records to `__cluster_metadata-0`, makes them safe, and then changes the image. All
 * calls are synchronous and throw `BrokerError`s.
 */
export class Controller {
  readonly image: MetadataImage = new MetadataImage();
  /** The values in force of all configs, and where they come from. */
  readonly configs: EffectiveConfigs;
  /** 16 bytes in base64url, as Kafka shows it. */
  readonly clusterId: string;
  /** The `directory.id` of the log directory. */
  readonly directoryId: string;
  readonly nodeId: number;
  readonly #log: MetadataLog;
  readonly #logger: Logger;
  readonly #random: Random;
  readonly #facts: ControlFacts;
  readonly #listeners: MetadataListener[] = [];
  readonly #logConfigs = new Map<string, LogConfig>();
  /** The records of {@link Controller.inOneStep}, while it runs. */
  #gathered: MetadataRecordIn[] | undefined;

  /** Opens the metadata, or makes that of a new cluster, and takes over all partitions. */
  constructor(options: ControllerOptions) {
    const { settings, disk, directory, clock, random, logger } = options;
    const { nodeId } = settings;
    this.nodeId = nodeId;
    this.#logger = logger;
    this.#random = random;
    disk.makeDirectory(directory);
    const { clusterId } = options;
    const properties = openMetaProperties(disk, directory, { nodeId, random, clusterId });
    this.clusterId = properties.clusterId;
    this.directoryId = properties.directoryId;
    const statics = staticConfigs(settings, directory);
    const { image } = this;
    this.configs = new EffectiveConfigs((resource) => image.configs(resource), nodeId, statics);
    this.#facts = {
      image,
      configs: this.configs,
      nodeId,
      directoryId: this.directoryId,
      newId: () => newUuid(random),
    };
    const replay = new MetadataReplay(image);
    const place = { disk, directory, clock, logger, nodeId };
    this.#log = new MetadataLog(place, (record) => replay.take(record));
    this.#log.begin();
    const opening = replay.isInTransaction ? [abortTransaction] : [];
    if (image.features.size === 0) opening.push(...firstRecords(this.configs));
    const isUnclean = !options.wasClosedCleanly;
    opening.push(...takeOver(image, { nodeId, directoryId: this.directoryId, isUnclean }));
    for (let start = 0; start < opening.length; start += maxRecordsPerChange) {
      this.#commit(opening.slice(start, start + maxRecordsPerChange));
    }
  }

  /** The offset in the metadata log of the last record that the image has taken in. */
  get lastAppliedOffset(): number {
    return this.#log.endOffset - 1;
  }

  /** The epoch of this controller: one more with every start. */
  get epoch(): number {
    return this.#log.epoch;
  }

  /** The epoch that this broker is registered under; −1 before {@link Controller.register}. */
  get brokerEpoch(): number {
    return this.image.nodes.brokers.get(this.nodeId)?.brokerEpoch ?? -1;
  }

  /** Notes that this broker is up and where it is to be reached. */
  register(endpoints: readonly BrokerEndpoint[]): void {
    const incarnationId = newUuid(this.#random);
    const { nodeId, directoryId } = this;
    const brokerEpoch = this.#log.endOffset;
    const rack = this.configs.broker("broker.rack") ?? null;
    this.#commit(
      brokerRegistration({ nodeId, directoryId, incarnationId, brokerEpoch, rack, endpoints }),
    );
  }

  /** The configs of a topic's log, parsed; those of the broker where the topic is unknown. */
  logConfig(topic: string): LogConfig {
    const known = this.#logConfigs.get(topic);
    if (known !== undefined) return known;
    const config = logConfigOf((name) => this.configs.topic(topic, name));
    if (this.image.topics.has(topic)) this.#logConfigs.set(topic, config);
    return config;
  }

  /** A broker setting in force: dynamic, static or default, as text; "" where it has no value. */
  brokerConfig(name: string): string {
    return this.configs.broker(name) ?? "";
  }

  /** A group's setting in force, such as `consumer.session.timeout.ms`, as text (KIP-848, KIP-1071). */
  groupConfig(groupId: string, name: string): string {
    return this.configs.group(groupId, name);
  }

  /** Makes one topic; gives its id. With `validateOnly` nothing changes. */
  createTopic(topic: TopicToCreate, validateOnly = false): string {
    const outcome = this.createTopics([topic], validateOnly).get(topic.name);
    if (outcome instanceof BrokerError) throw outcome;
    return outcome?.id ?? "";
  }

  /** Makes those of the topics that can be made, in one step; gives by name what became of each. */
  createTopics(
    topics: readonly TopicToCreate[],
    validateOnly: boolean,
  ): ReadonlyMap<string, CreatedTopic | BrokerError> {
    const { records, outcomes } = decideTopics(this.#facts, topics);
    if (!validateOnly) this.#commit(records);
    return outcomes;
  }

  deleteTopic(name: string): void {
    const topic = this.image.topics.get(name);
    if (topic === undefined) {
      throw new BrokerError("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic ${name}`);
    }
    this.deleteTopics([topic.id]);
  }

  /** Deletes topics by their ids in one step; those that are not there are left out. */
  deleteTopics(ids: readonly string[]): void {
    const known = ids.filter((id) => this.image.topicsById.has(id));
    this.#commit(known.map((topicId) => ({ name: "RemoveTopicRecord", value: { topicId } })));
  }

  /** Adds partitions to a topic. With `validateOnly` nothing changes. */
  createPartitions(request: PartitionsToCreate, validateOnly: boolean): void {
    const records = decidePartitions(this.#facts, request);
    if (!validateOnly) this.#commit(records);
  }

  /**
   * Throws what Kafka says to moving a partition to these replicas, or with null to not moving it any
   * more; returns where it has just these replicas already.
   */
  checkReassignment(topic: string, partition: number, replicas: readonly number[] | null): void {
    if (this.image.topics.get(topic)?.partitions[partition] === undefined) {
      const message = `Unable to find partition ${topic}:${partition}.`;
      throw new BrokerError("UNKNOWN_TOPIC_OR_PARTITION", message);
    }
    if (replicas === null) {
      const message = "No partition reassignment is in progress.";
      throw new BrokerError("NO_REASSIGNMENT_IN_PROGRESS", message);
    }
    checkAssignment(this.#facts, replicas);
  }

  /** Changes single configs of a resource, all or none. With `validateOnly` nothing changes. */
  changeConfigs(
    resource: ConfigResource,
    changes: readonly ConfigChange[],
    validateOnly: boolean,
  ): void {
    const records = decideConfigChanges(this.#facts, resource, changes);
    if (!validateOnly) this.#commit(records);
  }

  /** Sets a resource's configs as a whole. With `validateOnly` nothing changes. */
  replaceConfigs(
    resource: ConfigResource,
    configs: ReadonlyMap<string, string>,
    validateOnly: boolean,
  ): void {
    const records = decideConfigs(this.#facts, resource, configs);
    if (!validateOnly) this.#commit(records);
  }

  /** Sets the levels of features, all or none. With `validateOnly` nothing changes. */
  updateFeatures(updates: readonly FeatureUpdate[], validateOnly: boolean): void {
    const records = decideFeatures(updates, this.image.features);
    if (!validateOnly) this.#commit(records);
  }

  /** Hands out a block of producer ids (ProducerIdsRecord); gives the first and how many. */
  allocateProducerIds(): { readonly first: number; readonly count: number } {
    const first = this.image.nodes.nextProducerId;
    const count = producerIdBlockSize;
    const { nodeId: brokerId, brokerEpoch } = this;
    const value = { brokerId, brokerEpoch, nextProducerId: first + count };
    this.#commit([{ name: "ProducerIdsRecord", value }]);
    return { first, count };
  }

  /** Sets and takes away users' SCRAM credentials in one step. */
  setScramCredentials(changes: readonly ScramChange[]): void {
    const records = changes.map(({ user, mechanism, credential }): MetadataRecordIn => {
      if (credential !== undefined) return scramRecord(user, mechanism, credential);
      const value = { name: user, mechanism: scramMechanismIds[mechanism] };
      return { name: "RemoveUserScramCredentialRecord", value };
    });
    this.#commit(records);
  }

  /** Adds entries to the access control list in one step. */
  createAcls(acls: readonly Omit<AclBinding, "id">[]): void {
    this.#commit(
      acls.map((acl) => {
        const value = { ...acl, id: newUuid(this.#random) };
        return { name: "AccessControlEntryRecord", value };
      }),
    );
  }

  /** Removes entries of the access control list in one step; those that are not there are left out. */
  deleteAcls(ids: readonly string[]): void {
    const known = ids.filter((id) => this.image.access.hasAcl(id));
    this.#commit(known.map((id) => ({ name: "RemoveAccessControlEntryRecord", value: { id } })));
  }

  /**
   * Makes the changes that `run` asks for in one step, with one wait for the disk. Each of them is
   * checked against the state before all; where the step fails, none of them has been made.
   */
  inOneStep<Result>(run: () => Result): Result {
    this.#gathered = [];
    try {
      const result = run();
      const records = this.#gathered;
      this.#gathered = undefined;
      this.#commit(records);
      return result;
    } finally {
      this.#gathered = undefined;
    }
  }

  addListener(listener: MetadataListener): void {
    this.#listeners.push(listener);
  }

  /** Notes that this broker goes, and closes the log. May be called twice. */
  close(): void {
    const broker = this.image.nodes.brokers.get(this.nodeId);
    try {
      if (broker !== undefined && !broker.fenced) this.#commit(brokerFenced(broker));
    } finally {
      this.#log.close();
    }
  }

  #commit(records: readonly MetadataRecordIn[]): void {
    if (this.#gathered !== undefined) {
      this.#gathered.push(...records);
      return;
    }
    if (records.length === 0) return;
    if (records.length > maxRecordsPerChange) {
      const message = "Unable to perform excessively large batch operation.";
      throw new BrokerError("POLICY_VIOLATION", message);
    }
    const encoded = records.map(encodeMetadataRecord);
    this.#log.append(encoded);
    const changes = new MetadataChanges();
    // From the bytes, so that the image is what a replay of the log gives.
    for (const bytes of encoded) this.image.apply(decodeMetadataRecord(bytes), changes);
    const delta = changes.delta();
    this.#forgetLogConfigs(delta);
    for (const listener of this.#listeners) listener.changed(delta);
    this.#snapshotIfDue();
  }

  #forgetLogConfigs({ changedConfigs, deletedTopics }: MetadataDelta): void {
    for (const { name } of deletedTopics) this.#logConfigs.delete(name);
    for (const { type, name } of changedConfigs) {
      if (type === resourceType.topic) this.#logConfigs.delete(name);
      if (type === resourceType.broker) this.#logConfigs.clear();
    }
  }

  #snapshotIfDue(): void {
    const limit = Number(this.brokerConfig("metadata.log.max.record.bytes.between.snapshots"));
    if (this.#log.bytesSinceSnapshot < limit) return;
    try {
      this.#log.snapshot(this.image.records());
    } catch (error) {
      // The log has everything; the next change tries again.
      this.#logger.error({ error }, "a snapshot of the metadata could not be written");
    }
  }
}

const abortTransaction: MetadataRecordIn = { name: "AbortTransactionRecord", value: {} };
