import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemoryDisk } from "../../src/memory-disk.ts";
import {
  DescribeLogDirs,
  Fetch,
  ListOffsets,
  RecordBatchBuilder,
  RecordBatches,
  RecordCursor,
} from "../../src/protocol/index.ts";
import { BrokerHarness, virtualHost } from "../broker-harness.ts";
import { seededNumbers } from "../log-fixture.ts";

const [minuteMs, hourMs] = [60_000, 3_600_000];
const retentionMs = hourMs;
const segmentMs = 10 * minuteMs;
const deleteRetentionMs = 30 * minuteMs;
const sizedBytes = 200_000;
const keys = 200;
/** The bound on a compacted topic: all its keys, what came in the last segments, and what waits for its deletion. */
const tableBytes = 600_000;
const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 1_000_000);

interface Row {
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: number;
}

/** A broker on a machine of its own, whose day takes seconds, and what its topics should hold. */
class Day {
  readonly random = seededNumbers(seed);
  readonly #host = virtualHost();
  /** The last that was written of each key, by topic. */
  readonly #latest = new Map<string, Map<string, Row>>();
  #harness: BrokerHarness;

  private constructor(host: ReturnType<typeof virtualHost>, harness: BrokerHarness) {
    this.#host = host;
    this.#harness = harness;
  }

  static async begin(): Promise<Day> {
    const host = virtualHost();
    const day = new Day(host, await startOn(host));
    const rolls = { "segment.ms": `${segmentMs}`, "file.delete.delay.ms": "1000" };
    const compacted = { ...rolls, "delete.retention.ms": `${deleteRetentionMs}` };
    const topics = {
      timed: { ...rolls, "retention.ms": `${retentionMs}` },
      sized: { ...rolls, "retention.bytes": `${sizedBytes}`, "segment.bytes": "1048576" },
      table: { ...compacted, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.2" },
      both: {
        ...compacted,
        "cleanup.policy": "compact,delete",
        "retention.ms": `${retentionMs}`,
        "min.cleanable.dirty.ratio": "0.2",
      },
    };
    for (const [name, configs] of Object.entries(topics)) {
      await day.#harness.createTopic(name, 1, configs);
    }
    return day;
  }

  get now(): number {
    return this.#host.clock.now();
  }

  get disk(): MemoryDisk {
    return this.#host.disk as MemoryDisk;
  }

  /** Lets a minute pass, in which everybody writes. */
  async minute(): Promise<void> {
    await this.#host.clock.sleep(minuteMs);
    for (const topic of ["timed", "sized", "table", "both"]) await this.#write(topic);
  }

  async #write(topic: string): Promise<void> {
    const rows = Array.from({ length: 1 + Math.floor(this.random() * 40) }, (): Row => {
      const key = `key-${Math.floor(this.random() * keys)}`;
      const value = this.random() < 0.1 ? null : "v".repeat(20 + Math.floor(this.random() * 100));
      return { key, value, timestamp: this.now };
    });
    const builder = new RecordBatchBuilder({ capacity: 1024 });
    for (const { key, value, timestamp } of rows) builder.append(timestamp, key, value);
    const { errorCode } = await this.#harness.produce(topic, 0, builder.finish());
    assert.equal(errorCode, 0);
    const latest = this.#latest.get(topic) ?? new Map<string, Row>();
    this.#latest.set(topic, latest);
    for (const row of rows) latest.set(row.key, row);
  }

  async restart(): Promise<void> {
    await this.#harness[Symbol.asyncDispose]();
    this.#harness = await startOn(this.#host);
  }

  async end(): Promise<void> {
    await this.#harness[Symbol.asyncDispose]();
  }

  /** Compares what can be read with what retention and compaction should have left. */
  async check(): Promise<void> {
    const timed = await this.#read("timed");
    const minutes = new Set(timed.map(({ timestamp }) => timestamp));
    const oldestMs = this.now - Math.min(...minutes);
    // A segment goes as a whole, at the next look after its last record has become too old. (Compaction
    // puts old and young together, so that nothing of the kind can be said of "both".)
    const mostMs = retentionMs + segmentMs + 10 * minuteMs;
    assert.ok(oldestMs <= mostMs, `timed keeps what is ${oldestMs} ms old`);
    const young = Math.min(retentionMs, oldestMs) / minuteMs;
    assert.ok(minutes.size >= young, `timed has ${minutes.size} minutes of ${young}`);
    for (const topic of ["table", "both"]) this.#checkLatest(topic, await this.#read(topic));
    const sizes = await this.#sizes();
    const sized = sizes.get("sized") ?? 0;
    // Retention by size never takes so much that less than its bytes would be left.
    assert.ok(sized < sizedBytes + 100_000, `sized has ${sized} bytes`);
    for (const topic of ["table", "both"]) {
      assert.ok((sizes.get(topic) ?? 0) < tableBytes, `${topic} has ${sizes.get(topic)} bytes`);
    }
  }

  /** Of each key the last record is there; a tombstone may be gone, and what is older may be there still. */
  #checkLatest(topic: string, rows: readonly Row[]): void {
    const found = new Map(rows.map((row) => [row.key, row]));
    for (const [key, row] of this.#latest.get(topic) ?? []) {
      const isExpired = topic === "both" && row.timestamp < this.now - retentionMs;
      if (isExpired && found.get(key) === undefined) continue;
      if (row.value === null && found.get(key) === undefined) continue;
      assert.deepEqual(found.get(key), row, `${topic}: ${key}`);
    }
    const tombstones = rows.filter(({ value }) => value === null);
    const oldest = Math.min(this.now, ...tombstones.map(({ timestamp }) => timestamp));
    // A tombstone outlives the cleaning that makes it the last of its key, and goes with a later one.
    const mostMs = deleteRetentionMs + 6 * segmentMs;
    assert.ok(this.now - oldest < mostMs, `${topic} keeps a tombstone of ${this.now - oldest} ms`);
  }

  async #read(topic: string): Promise<Row[]> {
    const partition = { partitionIndex: 0, timestamp: -2 };
    const topics = [{ name: topic, partitions: [partition] }];
    const found = await this.#harness.ask(ListOffsets, 5, { replicaId: -1, topics });
    let offset = found.topics[0]?.partitions[0]?.offset ?? 0;
    const rows: Row[] = [];
    for (;;) {
      const part = { partition: 0, fetchOffset: offset, partitionMaxBytes: 1 << 20 };
      const body = { maxWaitMs: 0, minBytes: 1, isolationLevel: 0 };
      const asked = [{ topic, partitions: [part] }];
      const { responses } = await this.#harness.ask(Fetch, 11, { ...body, topics: asked });
      const answer = responses[0]?.partitions[0];
      assert.equal(answer?.errorCode, 0);
      const batches = new RecordBatches(answer?.records ?? Buffer.alloc(0));
      const before = offset;
      const cursor = new RecordCursor();
      for (let batch = batches.next(); batch; batch = batches.next()) {
        cursor.open(batch, 1 << 24);
        while (cursor.next()) {
          if (cursor.offset < before) continue;
          const { timestamp } = cursor;
          rows.push({ key: cursor.keyText() ?? "", value: cursor.valueText(), timestamp });
        }
        offset = batch.lastOffset + 1;
      }
      if (offset === before) return rows;
    }
  }

  async #sizes(): Promise<Map<string, number>> {
    const { results } = await this.#harness.ask(DescribeLogDirs, 4, { topics: null });
    return new Map(
      (results[0]?.topics ?? []).map(({ name, partitions }) => [
        name,
        partitions.reduce((sum, { partitionSize }) => sum + partitionSize, 0),
      ]),
    );
  }
}

function startOn(host: ReturnType<typeof virtualHost>): Promise<BrokerHarness> {
  return BrokerHarness.start({ host, dataDir: "/data" });
}

test("a day of retention and compaction keeps what is to be kept, and no more", {
  timeout: 120_000,
}, async (t) => {
  t.diagnostic(`seed ${seed}: MILLRACE_SEED=${seed} repeats its choices`);
  const day = await Day.begin();
  t.after(() => day.end());
  let mostBytes = 0;
  for (let minute = 1; minute <= 24 * 60; minute += 1) {
    await day.minute();
    if (minute % 60 === 0) await day.check();
    if (minute % 500 === 0) await day.restart();
    const { freeBytes } = day.disk.space();
    mostBytes = Math.max(mostBytes, Number.MAX_SAFE_INTEGER - freeBytes);
  }
  t.diagnostic(`at most ${Math.round(mostBytes / 1024)} KiB on the disk`);
});
