import assert from "node:assert/strict";
import type { Cluster } from "../../src/client/cluster.ts";
import type { Client } from "../../src/client/index.ts";
import { type FoundRecord, readTopic } from "../kafka/producer-fixture.ts";
import type { GroupBooks, SequenceWriter, TransactionWriter } from "./crash-load.ts";

/** Everybody whose word is to be compared with what is in the log. */
export interface Witnesses {
  readonly writers: readonly SequenceWriter[];
  /** They write to a topic that is compacted. */
  readonly tables: readonly SequenceWriter[];
  readonly transactions: readonly TransactionWriter[];
  readonly transactionTopics: readonly string[];
  readonly groups: readonly GroupBooks[];
}

/** Fails where a commit of a group that was acknowledged is lost. */
export async function checkOffsets(client: Client, groups: readonly GroupBooks[]): Promise<void> {
  for (const { groupId, offsets } of groups) {
    const promised = [...offsets];
    const listed = await client.admin().groupOffsets.list(groupId);
    const found = new Map(listed.map((at) => [`${at.topic}-${at.partition}`, at.offset]));
    for (const [partition, offset] of promised) {
      const committed = found.get(partition) ?? -1;
      assert.ok(committed >= offset, `${groupId}: ${partition} at ${committed}, not ${offset}`);
    }
  }
}

/** Reads everything back, and compares it with what was promised; everybody must have stopped. */
export async function checkAll(
  client: Client,
  cluster: Cluster,
  { writers, tables, transactions, transactionTopics, groups }: Witnesses,
): Promise<void> {
  await checkOffsets(client, groups);
  for (const writer of writers) {
    checkSequence(writer, recordsOf(writer.name, await readTopic(cluster, writer.topic)));
  }
  for (const table of tables) {
    checkTable(table, recordsOf(table.name, await readTopic(cluster, table.topic)));
  }
  for (const topic of transactionTopics) {
    const found = await readTopic(cluster, topic, { committed: true });
    for (const writer of transactions) checkTransactions(writer, recordsOf(writer.name, found));
  }
  for (const writer of transactions) await checkTransactionOffset(client, writer);
}

/** A record as its writer numbered it. */
export interface Numbered {
  readonly number: number;
  readonly part: string;
  readonly record: FoundRecord;
}

/** The records that one writer wrote, in the order of each partition. */
export function recordsOf(name: string, found: readonly FoundRecord[]): Numbered[] {
  return found.flatMap((record) => {
    const [writer, number, part = ""] = `${record.value}`.split(":");
    return writer === name ? [{ number: Number(number), part, record }] : [];
  });
}

/** Each acknowledged record is where it was said to be, none is there twice, and all are in order. */
function checkSequence({ name, acknowledged }: SequenceWriter, found: readonly Numbered[]): void {
  checkOrder(name, found);
  const places = new Map(found.map(({ number, record }) => [number, record]));
  assert.equal(places.size, found.length, `${name}: a record is there twice`);
  for (const [number, { partition, offset }] of acknowledged) {
    const record = places.get(number);
    assert.ok(record, `${name}:${number} is lost; it was at ${partition}:${offset}`);
    assert.deepEqual([record.partition, record.offset], [partition, offset], `${name}:${number}`);
  }
}

/** The last record of each key is there, whatever else was compacted away. */
function checkTable(table: SequenceWriter, found: readonly Numbered[]): void {
  const { name, acknowledged } = table;
  checkOrder(name, found);
  const places = new Map(found.map(({ number, record }) => [number, record]));
  const last = new Map<string, number>();
  for (const number of acknowledged.keys()) {
    const place = `${number % table.partitions} ${table.keyOf(number)}`;
    last.set(place, Math.max(number, last.get(place) ?? 0));
  }
  for (const [key, number] of last) {
    assert.equal(places.get(number)?.offset, acknowledged.get(number)?.offset, `${name}: ${key}`);
  }
}

/** Fails where a record is there twice, or behind one that was written later. */
export function checkOrder(name: string, found: readonly Numbered[]): void {
  const before = new Map<number, number>();
  for (const { number, record } of found) {
    const { partition, offset } = record;
    const last = before.get(partition) ?? -1;
    assert.ok(number > last, `${name}:${number} comes after ${last} at ${partition}:${offset}`);
    before.set(partition, number);
  }
}

/** Committed transactions are there as a whole, aborted ones not at all, and others one or the other. */
function checkTransactions({ name, outcomes, parts }: TransactionWriter, found: Numbered[]): void {
  const byNumber = Map.groupBy(found, ({ number }) => number);
  for (const [number, outcome] of outcomes.entries()) {
    const seen = (byNumber.get(number) ?? []).map(({ part }) => part).sort();
    if (outcome === "aborted" || (outcome === "unknown" && seen.length === 0)) {
      assert.deepEqual(seen, [], `${name}:${number} was aborted`);
    } else {
      assert.deepEqual(seen, parts, `${name}:${number} was committed`);
    }
  }
}

/** The offset of the last transaction that was committed is the group's, or one whose end nobody heard of. */
async function checkTransactionOffset(client: Client, writer: TransactionWriter): Promise<void> {
  const { name, outcomes } = writer;
  const last = outcomes.lastIndexOf("committed");
  const [listed] = await client.admin().groupOffsets.list(name, { requireStable: true });
  const offset = listed?.offset ?? -1;
  const isRight = offset === last || (offset > last && outcomes[offset] === "unknown");
  assert.ok(isRight, `${name}: its group is at ${offset}, its last transaction was ${last}`);
}
