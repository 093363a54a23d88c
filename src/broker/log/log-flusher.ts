import type { Clock } from "../../clock.ts";
import type { Disk } from "../../disk.ts";
import type { Logger } from "../../log.ts";
import type { LoadedLog } from "./log-loader.ts";
import type { Segment } from "./segment.ts";

/**
 * Makes what a log has written safe from a loss of power, and knows up to where it is: the recovery
 * point, from which on a start after a crash checks all batches.
 */
export class LogFlusher {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #directory: string;
  readonly #loaded: LoadedLog;
  #recoveryPoint: number;
  /** When everything was safe for the last time, on `clock.elapsed()`. */
  #flushedAt: number;
  /** Segments that get no more batches and may not be safe yet, in order, and what else is to be synced with them. */
  #waiting: { readonly segment: Segment; readonly snapshot: string | undefined }[];
  #isFlushing = false;
  #isClosed = false;

  constructor(options: {
    readonly disk: Disk;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly directory: string;
    readonly loaded: LoadedLog;
  }) {
    const { loaded } = options;
    this.#disk = options.disk;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#directory = options.directory;
    this.#loaded = loaded;
    this.#recoveryPoint = loaded.recoveryPoint;
    this.#flushedAt = options.clock.elapsed();
    const suspect = loaded.segments.from(loaded.recoveryPoint).slice(0, -1);
    this.#waiting = suspect.map((segment) => ({ segment, snapshot: undefined }));
  }

  /** Up to which offset (exclusive) a loss of power would lose nothing. */
  get recoveryPoint(): number {
    return this.#recoveryPoint;
  }

  /** Makes a segment that has just been rolled safe, without holding up the event loop. */
  flushLater(segment: Segment, snapshot: string): void {
    this.#waiting.push({ segment, snapshot });
    if (!this.#isFlushing) void this.#flushWaiting();
  }

  /** Flushes where `flush.messages` records or more are not safe. */
  flushIfMany(logEndOffset: number, flushMessages: number): void {
    if (logEndOffset - this.#recoveryPoint >= flushMessages) this.flush(logEndOffset);
  }

  /** Flushes where the last flush is `flush.ms` or more ago. */
  flushIfOld(logEndOffset: number, flushMs: number): void {
    const isOld = this.#clock.elapsed() - this.#flushedAt >= flushMs;
    if (isOld && logEndOffset > this.#recoveryPoint) this.flush(logEndOffset);
  }

  /** Returns once all of the log is safe. */
  flush(logEndOffset: number): void {
    for (const { segment } of this.#waiting) if (isInLog(segment)) segment.sync();
    this.#waiting = [];
    this.#loaded.segments.active.sync();
    this.#loaded.epochs.write({ isSafe: true });
    this.#disk.syncDirectory(this.#directory);
    this.#recoveryPoint = logEndOffset;
    this.#flushedAt = this.#clock.elapsed();
  }

  /** Flushes what is not safe, and ends. */
  close(logEndOffset: number): void {
    this.#isClosed = true;
    const { isRecovered } = this.#loaded;
    if (isRecovered || logEndOffset > this.#recoveryPoint) this.flush(logEndOffset);
    else this.#loaded.epochs.write({ isSafe: true });
  }

  /** Ends, without flushing. */
  abandon(): void {
    this.#isClosed = true;
  }

  async #flushWaiting(): Promise<void> {
    this.#isFlushing = true;
    try {
      while (this.#waiting.length > 0 && !this.#isClosed) {
        const flushed = [...this.#waiting];
        for (const { segment, snapshot } of flushed) await this.#syncOne(segment, snapshot);
        if (this.#isClosed) return;
        this.#loaded.epochs.write({ isSafe: true });
        this.#disk.syncDirectory(this.#directory);
        this.#waiting = this.#waiting.filter((one) => !flushed.includes(one));
        const safe = this.#waiting[0]?.segment ?? this.#loaded.segments.active;
        this.#recoveryPoint = Math.max(this.#recoveryPoint, safe.baseOffset);
      }
    } catch (error) {
      // They keep waiting: the next roll, or the close, tries again.
      this.#logger.warn(
        { directory: this.#directory, error },
        "a full segment could not be synced",
      );
    } finally {
      this.#isFlushing = false;
    }
  }

  async #syncOne(segment: Segment, snapshot: string | undefined): Promise<void> {
    if (!isInLog(segment)) return;
    try {
      await segment.syncInBackground();
      if (snapshot !== undefined && this.#disk.exists(snapshot)) {
        const file = this.#disk.open(snapshot);
        await file.syncInBackground();
        file.close();
      }
    } catch (error) {
      if (isInLog(segment) && !this.#isClosed) throw error;
    }
  }
}

/** What retention or compaction has taken away needs no sync. */
function isInLog(segment: Segment): boolean {
  return segment.suffix === "";
}
