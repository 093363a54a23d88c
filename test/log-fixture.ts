import type { LogConfig } from "../src/broker/log/log-config.ts";
import { LogDirectory } from "../src/broker/log/log-directory.ts";
import type { AppendResult, PartitionLog } from "../src/broker/log/partition-log.ts";
import type { Disk } from "../src/disk.ts";
import { silentLogger } from "../src/log.ts";
import { MemoryDisk } from "../src/memory-disk.ts";
import {
  endTransactionMarker,
  noProducer,
  type ProducerStamp,
  RecordBatchBuilder,
  RecordBatches,
  RecordCursor,
  type TransactionOutcome,
} from "../src/protocol/index.ts";
import { defaultLogConfig } from "./log-config.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The partition that a {@link LogFixture} opens. */
export const fixtureIdentity = {
  topic: "topic",
  partition: 0,
  topicId: "00000000-0000-0000-0000-000000000001",
};

/** A record as a consumer sees it. */
export interface Line {
  readonly offset: number;
  readonly timestamp: number;
  readonly value: string;
}

/** One partition's log on some disk, on a clock whose hours take no time. */
export class LogFixture {
  disk: Disk;
  readonly clock = new VirtualClock();
  readonly config: LogConfig;
  directory: LogDirectory;
  log: PartitionLog;

  constructor(config: Partial<LogConfig> = {}, disk: Disk = new MemoryDisk()) {
    this.disk = disk;
    this.config = { ...defaultLogConfig, ...config };
    this.directory = this.openDirectory();
    this.log = this.directory.open(fixtureIdentity, this.config);
  }

  openDirectory(): LogDirectory {
    return new LogDirectory({
      path: "/data",
      disk: this.disk,
      clock: this.clock,
      logger: silentLogger,
      producerIdExpirationMs: 86_400_000,
    });
  }

  /** Ends the log, in order or not, and opens it again. */
  restart({ isKilled = false }: { readonly isKilled?: boolean } = {}): void {
    if (!isKilled) this.directory.close();
    this.directory = this.openDirectory();
    this.log = this.directory.open(fixtureIdentity, this.config);
  }

  /** The names in the partition's directory. */
  files(): string[] {
    return this.disk.list("/data/topic-0");
  }

  append(
    values: readonly string[],
    {
      timestamp = this.clock.now(),
      stamp = noProducer,
      isTransactional = false,
      leaderEpoch = 0,
    }: {
      readonly timestamp?: number;
      readonly stamp?: ProducerStamp;
      readonly isTransactional?: boolean;
      readonly leaderEpoch?: number;
    } = {},
  ): AppendResult {
    const builder = new RecordBatchBuilder({ isTransactional });
    for (const value of values) builder.append(timestamp, null, value);
    const records = Buffer.from(builder.finish(stamp));
    return this.log.append(records, { leaderEpoch, origin: "client" });
  }

  end(outcome: TransactionOutcome, producerId: number, producerEpoch = 0): AppendResult {
    const timestamp = this.clock.now();
    const coordinatorEpoch = 0;
    const marker = { outcome, producerId, producerEpoch, timestamp, coordinatorEpoch };
    const records = Buffer.from(endTransactionMarker(marker));
    return this.log.append(records, { leaderEpoch: 0, origin: "marker" });
  }

  /** Reads from an offset to the end, as a consumer does that reads on where it stopped. */
  readAll(from = this.log.logStartOffset, maxBytes = 300): Line[] {
    const lines: Line[] = [];
    let offset = from;
    for (;;) {
      const options = { maxBytes, minOneBatch: true, committed: false };
      const { records } = this.log.read(offset, options);
      if (records.length === 0) return lines;
      for (const line of linesOf(records)) {
        if (line.offset < offset) continue;
        lines.push(line);
        offset = line.offset + 1;
      }
      offset = Math.max(offset, endOf(records));
    }
  }
}

/** The records in a part of a log, without those of markers. */
export function linesOf(records: Buffer): Line[] {
  const lines: Line[] = [];
  const cursor = new RecordCursor();
  const batches = new RecordBatches(records);
  for (let batch = batches.next(); batch; batch = batches.next()) {
    batch.checkCrc();
    if (batch.isControl) continue;
    cursor.open(batch, 10_000_000);
    while (cursor.next()) {
      const { offset, timestamp } = cursor;
      lines.push({ offset, timestamp, value: cursor.valueText() ?? "" });
    }
  }
  if (batches.isCut) throw new Error("the read ended within a batch");
  return lines;
}

function endOf(records: Buffer): number {
  const batches = new RecordBatches(records);
  let end = 0;
  for (let batch = batches.next(); batch; batch = batches.next()) end = batch.lastOffset + 1;
  return end;
}

/** Numbers from 0 to below 1 that are always the same for a seed. */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
