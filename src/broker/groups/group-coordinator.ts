import type { Clock, Timer } from "../../clock.ts";
import { BrokerError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import {
  groupRecordKind,
  type ProducerStamp,
  type TransactionOutcome,
} from "../../protocol/index.ts";
import type { ClusterImage } from "../metadata/cluster-image.ts";
import type { Controller, MetadataListener } from "../metadata/controller.ts";
import type { Partition } from "../partition.ts";
import type { Partitions } from "../partitions.ts";
import { type CoordinatorRecord, groupIdOf, recordKindOf } from "./coordinator-record.ts";
import type { Group } from "./group.ts";
import { groupErrorOf } from "./group-error.ts";
import type { Decision, DueRecords, GroupKind, Settle } from "./group-kind.ts";
import type { GroupKinds } from "./group-kinds.ts";
import { expiryRecords } from "./offset-expiry.ts";
import { Offsets, type RecordOrigin } from "./offsets.ts";
import { type LogReplay, replayLog } from "./offsets-loader.ts";
import { OffsetsTopic, offsetsTopicName } from "./offsets-topic.ts";

/** How long a slice of loading may take before others get their turn, in milliseconds. */
const loadSliceMs = 5;
/** How long what time has brought waits where it could not be appended, as in Kafka's runtime. */
const retryBackoffMs = 500;

/**
 * Looks after all groups: finds the partition of `__consumer_offsets` that a group's records are in,
 * appends what the kinds of groups decide, replays it, keeps the time, and loads it all at the start.
 */
export class GroupCoordinator {
  readonly kinds: GroupKinds;
  readonly offsets: Offsets = new Offsets();
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #controller: Controller;
  readonly #topic: OffsetsTopic;
  readonly #byRecordKind = new Map<number, GroupKind>();
  /** The partitions whose logs have been replayed; all once the state is "ready". */
  readonly #loaded = new Set<number>();
  /** The partitions whose logs could not be replayed: their groups are not served. */
  readonly #failed = new Set<number>();
  #state: "new" | "loading" | "ready" | "closed" = "new";
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #expiryAt = Number.POSITIVE_INFINITY;

  constructor({
    clock,
    logger,
    partitions,
    controller,
    kinds,
  }: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly partitions: Partitions;
    readonly controller: Controller;
    readonly kinds: GroupKinds;
  }) {
    this.kinds = kinds;
    this.#clock = clock;
    this.#logger = logger;
    this.#controller = controller;
    this.#topic = new OffsetsTopic(partitions, controller, clock);
    for (const kind of this.#allKinds()) {
      for (const recordKind of kind.recordKinds) this.#byRecordKind.set(recordKind, kind);
    }
  }

  /**
   * Loads the groups from the log, in slices; until that is done operations throw
   * COORDINATOR_LOAD_IN_PROGRESS. Resolves once it is, or the coordinator is closed. Call it once.
   */
  async open(): Promise<void> {
    this.#state = "loading";
    const listener: MetadataListener = { changed: (delta) => this.#metadataChanged(delta) };
    this.#controller.addListener(listener);
    let sliceEnd = this.#clock.elapsed() + loadSliceMs;
    for (const partition of this.#topic.partitions()) {
      const steps = replayLog(partition, this.#loading);
      while (this.#load(steps, partition)) {
        if (this.#clock.elapsed() < sliceEnd) continue;
        await new Promise<void>((resolve) => this.#clock.soon(resolve));
        sliceEnd = this.#clock.elapsed() + loadSliceMs;
        if (this.#isClosed()) return;
      }
    }
    this.#state = "ready";
    const now = this.#clock.elapsed();
    for (const kind of this.#allKinds()) kind.loaded(now);
    this.#expiryAt = now + this.#number("offsets.retention.check.interval.ms");
    this.#arm();
  }

  /** Ends the work with groups: who waits is told NOT_COORDINATOR. May be called twice. */
  close(): void {
    this.#state = "closed";
    this.#timer?.cancel();
    this.kinds.classic.close();
  }

  /** The partition of `__consumer_offsets` that a group's records are in. */
  partitionFor(groupId: string): number {
    return this.#topic.indexFor(groupId);
  }

  /** Makes `__consumer_offsets` where it is not there yet. */
  ensureTopic(): void {
    this.#topic.ensure();
  }

  /**
   * The group of any kind; undefined where there is none. Throws COORDINATOR_LOAD_IN_PROGRESS,
   * NOT_COORDINATOR where its partition could not be loaded, and COORDINATOR_NOT_AVAILABLE once closed.
   */
  group(groupId: string): Group | undefined {
    this.#checkReady(groupId);
    return this.#find(groupId);
  }

  /** All groups, for ListGroups. Throws as {@link GroupCoordinator.group} does. */
  *groups(): Generator<Group> {
    this.#checkReady();
    for (const kind of this.#allKinds()) yield* kind.groups.values();
  }

  /**
   * Runs one operation on a group: what it decides is appended as one batch, then replayed, then its
   * result is given. Where the append fails nothing has changed, and the error is passed on. `now` is
   * the clock's `elapsed`.
   */
  run<Result>(groupId: string, operation: (now: number) => Decision<Result>): Result {
    this.#checkReady(groupId);
    const { records, result, settle, afterwards } = operation(this.#clock.elapsed());
    this.#commit(groupId, records, settle);
    afterwards?.();
    this.#arm();
    return result;
  }

  /** As {@link GroupCoordinator.run}, as part of a producer's transaction: the records count once it is committed. */
  runInTransaction<Result>(
    groupId: string,
    producer: Pick<ProducerStamp, "producerId" | "producerEpoch">,
    operation: (now: number) => Decision<Result>,
  ): Result {
    this.#checkReady(groupId);
    const { records, result } = operation(this.#clock.elapsed());
    if (records.length > 0) this.#append(groupId, records, { ...producer, baseSequence: -1 });
    return result;
  }

  /** Appends records outside of an operation, such as what `tick` brought; in several batches where they are many. */
  append(groupId: string, records: readonly CoordinatorRecord[]): void {
    this.#checkReady(groupId);
    if (records.length === 0) return;
    for (const batch of this.#topic.batches(groupId, records)) this.#append(groupId, batch);
    this.#arm();
  }

  /** A marker was written to a partition of `__consumer_offsets`: pending offsets become real or vanish. */
  completeTransaction(partition: number, producerId: number, outcome: TransactionOutcome): void {
    // Where the partition is still to be loaded, that finds the marker.
    if (this.#state === "ready" || this.#loaded.has(partition)) {
      this.offsets.complete(producerId, outcome);
    }
  }

  readonly #loading: LogReplay = {
    record: (key, value, origin) => {
      try {
        this.#replay(key, value, origin);
      } catch (error) {
        const fields = { error, offset: origin.position };
        this.#logger.error(fields, "left out a record of a group that makes no sense");
      }
    },
    transactionEnd: (producerId, outcome) => this.offsets.complete(producerId, outcome),
  };

  /** Goes on with the loading of a partition; false once it is at its end. */
  #load(steps: Iterator<void>, { index }: Partition): boolean {
    try {
      if (steps.next().done === true) this.#loaded.add(index);
      else return true;
    } catch (error) {
      this.#failed.add(index);
      this.#logger.error({ error, partition: index }, "groups could not be loaded");
    }
    return false;
  }

  #allKinds(): readonly GroupKind[] {
    const { classic, consumer, streams } = this.kinds;
    return [consumer, streams, classic];
  }

  #find(groupId: string): Group | undefined {
    for (const kind of this.#allKinds()) {
      const group = kind.groups.get(groupId);
      if (group !== undefined) return group;
    }
    return undefined;
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #checkReady(groupId?: string): void {
    if (this.#state === "ready") {
      if (groupId === undefined || this.#failed.size === 0) return;
      if (!this.#failed.has(this.partitionFor(groupId))) return;
      const message = `the partition that group "${groupId}" is kept in could not be loaded`;
      throw new BrokerError("NOT_COORDINATOR", message);
    }
    if (this.#state === "closed") {
      throw new BrokerError("COORDINATOR_NOT_AVAILABLE", "the group coordinator is closed");
    }
    throw new BrokerError("COORDINATOR_LOAD_IN_PROGRESS", "the groups are being loaded");
  }

  #commit(
    groupId: string,
    records: readonly CoordinatorRecord[],
    settle: Settle | undefined,
  ): void {
    if (settle === undefined) {
      if (records.length > 0) this.#append(groupId, records);
      return;
    }
    try {
      if (records.length > 0) this.#topic.append(groupId, records);
    } catch (error) {
      this.#logger.error({ error, groupId }, "could not append to the log of groups");
      settle(error instanceof BrokerError ? groupErrorOf(error) : "UNKNOWN_SERVER_ERROR");
      return;
    }
    settle(undefined);
  }

  #append(groupId: string, records: readonly CoordinatorRecord[], producer?: ProducerStamp): void {
    const first = this.#topic.append(groupId, records, producer);
    const producerId = producer?.producerId ?? -1;
    for (const [index, { key, value }] of records.entries()) {
      this.#replay(key, value, { position: first + index, producerId });
    }
  }

  #replay(key: Buffer, value: Buffer | null, origin: RecordOrigin): void {
    const recordKind = recordKindOf(key);
    const { classic } = this.kinds;
    if (recordKind <= groupRecordKind.offsetCommit) {
      const groupId = this.offsets.replay(key, value, origin);
      // Offsets without members make a classic group that has only them.
      if (groupId !== undefined && this.#find(groupId) === undefined) classic.ensure(groupId);
      return;
    }
    // Kinds that nobody owns are those of share groups, which Kafka may have left behind.
    const kind = this.#byRecordKind.get(recordKind);
    if (kind === undefined) return;
    kind.replay(key, value);
    if (value === null || kind === classic) return;
    const groupId = groupIdOf(key);
    if (kind.groups.has(groupId)) classic.drop(groupId);
  }

  #metadataChanged({
    createdTopics,
    grownTopics,
    deletedTopics,
  }: Parameters<MetadataListener["changed"]>[0]): void {
    if (this.#state === "closed") return;
    const image: ClusterImage = this.#controller.image;
    const deleted = deletedTopics.map(({ name }) => name);
    const topics = [...createdTopics, ...grownTopics, ...deleted];
    if (topics.length === 0) return;
    for (const kind of this.#allKinds()) {
      this.#try(kind.type, () => kind.topicsChanged(image, topics));
    }
    if (this.#state !== "ready") return;
    for (const topic of deletedTopics) {
      if (topic.name === offsetsTopicName) continue;
      for (const [groupId, records] of this.offsets.topicDeletionRecords(topic)) {
        this.#try(groupId, () => this.append(groupId, records));
      }
    }
    this.#arm();
  }

  /** Sets the one timer for what is due next; one that rings too early, since sessions were renewed, does no harm. */
  #arm(noSoonerThanMs = 0): void {
    if (this.#state !== "ready") return;
    let at = this.#expiryAt;
    for (const { nextTickAt } of this.#allKinds()) {
      if (nextTickAt !== undefined && nextTickAt < at) at = nextTickAt;
    }
    const now = this.#clock.elapsed();
    at = Math.max(at, now + noSoonerThanMs);
    if (at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.after(Math.max(0, at - now), () => this.#ring());
  }

  #ring(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.elapsed();
    let hasFailed = false;
    const due: DueRecords[] = [];
    for (const kind of this.#allKinds()) {
      if (!this.#try(kind.type, () => void due.push(...kind.tick(now)))) hasFailed = true;
    }
    for (const { groupId, records, settle, afterwards } of due) {
      const work = () => {
        this.#commit(groupId, records, settle);
        afterwards?.();
      };
      if (!this.#try(groupId, work)) hasFailed = true;
    }
    if (now >= this.#expiryAt) this.#expire(now);
    this.#arm(hasFailed ? retryBackoffMs : 0);
  }

  #expire(now: number): void {
    this.#expiryAt = now + this.#number("offsets.retention.check.interval.ms");
    const retentionMs = this.#number("offsets.retention.minutes") * 60_000;
    const times = { timestamp: this.#clock.now(), retentionMs };
    for (const group of [...this.groups()]) {
      const records = expiryRecords(group, this.offsets, times);
      if (records.length > 0) this.#try(group.id, () => this.append(group.id, records));
    }
  }

  /** Does what nobody waits for: a failure is logged, and comes up again with the next occasion. */
  #try(what: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#logger.error({ error, what }, "could not do what was due in groups");
      return false;
    }
  }

  #number(name: string): number {
    return Number(this.#controller.brokerConfig(name));
  }
}
