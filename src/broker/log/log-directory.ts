import type { Clock } from "../../clock.ts";
import type { Disk } from "../../disk.ts";
import { BrokerError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { readOffsetCheckpoint, writeCheckpoint, writeWholeFile } from "./checkpoint-file.ts";
import { FileDeletions } from "./file-deletions.ts";
import type { LogConfig } from "./log-config.ts";
import {
  deletedDirectoryName,
  deletedDirectorySuffix,
  parsePartitionDirectory,
  partitionDirectoryName,
} from "./log-file-names.ts";
import { loadLog } from "./log-loader.ts";
import { PartitionLog } from "./partition-log.ts";
import { readTopicId, writeTopicId } from "./partition-metadata.ts";

/** What a log directory is opened with. */
export interface LogDirectoryOptions {
  readonly path: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `producer.id.expiration.ms`. */
  readonly producerIdExpirationMs: number;
}

/** The name and number of a partition, and the id of its topic. */
export interface PartitionIdentity {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
}

const cleanShutdownFile = ".kafka_cleanshutdown";
/** What the directory notes of each partition, by file. */
const checkpoints = {
  recoveryPoint: "recovery-point-offset-checkpoint",
  logStart: "log-start-offset-checkpoint",
  highWatermark: "replication-offset-checkpoint",
  cleaned: "cleaner-offset-checkpoint",
} as const;

type Checkpoint = keyof typeof checkpoints;

/**
 * The directory that holds all partitions' logs, Kafka's `log.dirs` with one entry: recovery after a
 * crash, checkpoints, the clean-shutdown marker, directories on their way to deletion (`LogManager`).
 * Expects to be alone: {@link lockDirectory} sees to that.
 */
export class LogDirectory {
  /** Whether the last program to use the directory closed it in order (`.kafka_cleanshutdown`). */
  readonly wasClosedCleanly: boolean;
  readonly #options: LogDirectoryOptions;
  readonly #deletions: FileDeletions;
  /** By the name of their directory, as are the noted offsets. */
  readonly #logs = new Map<string, PartitionLog>();
  /** The partitions that were found and not opened so far. */
  readonly #unopened = new Map<string, PartitionIdentity>();
  readonly #noted: Record<Checkpoint, Map<string, number>>;
  /** What the checkpoint files hold, as far as it is known. */
  readonly #written = new Map<Checkpoint, { readonly content: string; readonly isSafe: boolean }>();
  #isProgressDue = false;
  #isClosed = false;

  /**
   * Takes over a directory, which is made where it is missing. Takes the marker of the last clean
   * shutdown away, so that a crash shows, and removes what had been deleted.
   */
  constructor(options: LogDirectoryOptions) {
    const { path, disk, clock, logger } = options;
    this.#options = options;
    this.#deletions = new FileDeletions(clock, logger);
    disk.makeDirectory(path);
    const marker = `${path}/${cleanShutdownFile}`;
    const hasMarker = disk.exists(marker);
    if (hasMarker) disk.remove(marker);
    let hasPartitions = false;
    for (const name of disk.list(path)) {
      if (name.endsWith(deletedDirectorySuffix)) disk.remove(`${path}/${name}`);
      const found = parsePartitionDirectory(name);
      // A loss of power may have taken the file with the id.
      hasPartitions ||= found !== undefined;
      const topicId = found && readTopicId(disk, `${path}/${name}`);
      if (topicId !== undefined)
        this.#unopened.set(name, { ...found, topicId } as PartitionIdentity);
    }
    this.wasClosedCleanly = hasMarker || !hasPartitions;
    this.#noted = {
      recoveryPoint: this.#read("recoveryPoint"),
      logStart: this.#read("logStart"),
      highWatermark: this.#read("highWatermark"),
      cleaned: this.#read("cleaned"),
    };
    // What a clean close has written needs no writing again; otherwise who knows what a crash has left.
    if (hasMarker) {
      for (const one of Object.keys(checkpoints) as Checkpoint[]) {
        this.#written.set(one, { content: this.#entries(one).join("\n"), isSafe: true });
      }
    }
  }

  /** The partitions that had a directory here when it was taken over, by `partition.metadata`, and were not opened yet. */
  found(): PartitionIdentity[] {
    return [...this.#unopened.values()];
  }

  /**
   * Opens the log of a partition, or makes an empty one; recovers it where the last close was not
   * clean. Throws INCONSISTENT_TOPIC_ID where the directory belongs to another topic of the name.
   */
  open(identity: PartitionIdentity, config: LogConfig): PartitionLog {
    const { topic, partition, topicId } = identity;
    const { path, disk, clock, logger, producerIdExpirationMs } = this.#options;
    const name = partitionDirectoryName(topic, partition);
    const directory = `${path}/${name}`;
    const isNew = !disk.exists(directory);
    this.#claim(directory, identity, isNew);
    const loaded = loadLog({
      disk,
      logger,
      deletions: this.#deletions,
      directory,
      config,
      now: clock.now(),
      wasClosedCleanly: isNew || this.wasClosedCleanly,
      recoveryPoint: this.#noted.recoveryPoint.get(name) ?? 0,
      logStartOffset: this.#noted.logStart.get(name) ?? 0,
      producerIdExpirationMs,
    });
    const log = new PartitionLog({
      topic,
      partition,
      topicId,
      directory,
      config,
      disk,
      clock,
      logger,
      producerIdExpirationMs,
      cleanedUpTo: this.#noted.cleaned.get(name) ?? 0,
      loaded,
      onProgress: () => this.#noteSoon(),
    });
    this.#logs.set(name, log);
    this.#unopened.delete(name);
    return log;
  }

  /** Closes a log and renames its directory; the files go after `file.delete.delay.ms`. */
  delete(log: PartitionLog): void {
    const { path, disk } = this.#options;
    const { topic, partition, topicId, directory } = log;
    log.abandon();
    const name = partitionDirectoryName(topic, partition);
    this.#logs.delete(name);
    for (const noted of Object.values(this.#noted)) noted.delete(name);
    const doomed = `${path}/${deletedDirectoryName(topic, partition, topicId)}`;
    disk.rename(directory, doomed);
    this.#deletions.after(log.config.fileDeleteDelayMs, () => disk.remove(doomed));
  }

  /** Writes the checkpoints of recovery points, log starts, high watermarks and compaction, where they have changed. */
  checkpoint(): void {
    for (const [name, log] of this.#logs) {
      const { recoveryPoint, highWatermark } = log;
      setOrDelete(this.#noted.recoveryPoint, name, recoveryPoint);
      setOrDelete(this.#noted.highWatermark, name, highWatermark);
    }
    this.#noteProgress();
    for (const one of Object.keys(checkpoints) as Checkpoint[]) this.#write(one, true);
  }

  /**
   * Closes all logs, writes the checkpoints and, where all went well, the clean-shutdown marker, which
   * names the epoch that the broker was registered under (KIP-966). May be called twice.
   */
  close(brokerEpoch = -1): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { path, disk, logger } = this.#options;
    let isWhole = this.wasClosedCleanly || this.#unopened.size === 0;
    for (const log of this.#logs.values()) {
      try {
        log.close();
      } catch (error) {
        isWhole = false;
        logger.error({ directory: log.directory, error }, "a log could not be closed in order");
      }
    }
    this.#deletions.close();
    try {
      this.checkpoint();
      const content = JSON.stringify({ version: 0, brokerEpoch });
      if (isWhole) writeWholeFile(disk, `${path}/${cleanShutdownFile}`, content, { isSafe: true });
    } catch (error) {
      logger.error({ path, error }, "the log directory could not be closed in order");
    }
  }

  /** Makes sure that the directory is there and belongs to the topic. */
  #claim(directory: string, { topicId }: PartitionIdentity, isNew: boolean): void {
    const { disk } = this.#options;
    if (isNew) disk.makeDirectory(directory);
    const found = isNew ? undefined : readTopicId(disk, directory);
    if (found === undefined) writeTopicId(disk, directory, topicId);
    else if (found !== topicId) {
      const message = `${directory} belongs to the topic with the id ${found}, not ${topicId}`;
      throw new BrokerError("INCONSISTENT_TOPIC_ID", message);
    }
  }

  /** Notes moved log starts once the present event is done with, so that many partitions make one write. */
  #noteSoon(): void {
    if (this.#isProgressDue) return;
    this.#isProgressDue = true;
    this.#options.clock.soon(() => {
      this.#isProgressDue = false;
      if (this.#isClosed) return;
      this.#noteProgress();
      try {
        this.#write("logStart", false);
        this.#write("cleaned", false);
      } catch (error) {
        const { path, logger } = this.#options;
        logger.warn(
          { path, error },
          "the starts of the logs could not be noted; they will be again",
        );
      }
    });
  }

  #noteProgress(): void {
    for (const [name, log] of this.#logs) {
      const isInside = log.logStartOffset > (log.segments[0]?.baseOffset ?? 0);
      setOrDelete(this.#noted.logStart, name, isInside ? log.logStartOffset : 0);
      setOrDelete(this.#noted.cleaned, name, log.cleanedUpTo);
    }
  }

  #read(one: Checkpoint): Map<string, number> {
    const { path, disk } = this.#options;
    return readOffsetCheckpoint(disk, `${path}/${checkpoints[one]}`);
  }

  #entries(one: Checkpoint): string[] {
    const entries: string[] = [];
    for (const [name, offset] of this.#noted[one]) {
      const found = parsePartitionDirectory(name);
      if (found) entries.push(`${found.topic} ${found.partition} ${offset}`);
    }
    return entries;
  }

  #write(one: Checkpoint, isSafe: boolean): void {
    const { path, disk } = this.#options;
    const entries = this.#entries(one);
    const content = entries.join("\n");
    const last = this.#written.get(one);
    if (last?.content === content && (last.isSafe || !isSafe)) return;
    writeCheckpoint(disk, `${path}/${checkpoints[one]}`, entries, { isSafe });
    this.#written.set(one, { content, isSafe });
  }
}

/** 0 is what an offset is that is not noted. */
function setOrDelete(offsets: Map<string, number>, name: string, offset: number): void {
  if (offset > 0) offsets.set(name, offset);
  else offsets.delete(name);
}
