import assert from "node:assert/strict";
import { addOffsetsToTxn } from "../src/broker/handlers/add-offsets-to-txn.ts";
import { endTxn } from "../src/broker/handlers/end-txn.ts";
import { initProducerId } from "../src/broker/handlers/init-producer-id.ts";
import { joinGroup } from "../src/broker/handlers/join-group.ts";
import { offsetCommit } from "../src/broker/handlers/offset-commit.ts";
import { offsetFetch } from "../src/broker/handlers/offset-fetch.ts";
import { syncGroup } from "../src/broker/handlers/sync-group.ts";
import { txnOffsetCommit } from "../src/broker/handlers/txn-offset-commit.ts";
import { brokerErrorCode } from "../src/broker-error-code.ts";
import {
  AddOffsetsToTxn,
  EndTxn,
  InitProducerId,
  JoinGroup,
  OffsetCommit,
  OffsetFetch,
  SyncGroup,
  TxnOffsetCommit,
} from "../src/protocol/index.ts";
import { GroupOffice, type Sender } from "./group-office.ts";

/** The group and the topic that all is about. */
export const groupId = "team";
/** See {@link groupId}. */
export const topic = "orders";
/** In milliseconds. */
export const hours: number = 60 * 60 * 1000;

/** A broker that serves. */
export async function opened(options: ConstructorParameters<typeof GroupOffice>[0] = {}) {
  return new GroupOffice(options).open();
}

/** The name of an error, or "". */
export function nameOf(errorCode: number | undefined): string {
  assert.ok(errorCode !== undefined);
  return errorCode === 0 ? "" : brokerErrorCode(errorCode);
}

/** Commits an offset for one partition on behalf of nobody in particular. */
export async function commit(
  office: GroupOffice,
  committedOffset: number,
  change: {
    readonly topic?: string;
    readonly partition?: number;
    readonly metadata?: string;
    readonly retentionTimeMs?: number;
    readonly sender?: Sender;
  } = {},
): Promise<string> {
  const { partition = 0, metadata = "", retentionTimeMs = -1, sender } = change;
  const one = { partitionIndex: partition, committedOffset, committedMetadata: metadata };
  const topics = [{ name: change.topic ?? topic, partitions: [one] }];
  const request = { groupId, memberId: "", retentionTimeMs, topics };
  const version = retentionTimeMs === -1 ? 8 : 4;
  const answer = await office.ask(offsetCommit, OffsetCommit, version, request, sender);
  return nameOf(answer.topics[0]?.partitions[0]?.errorCode);
}

/** The group's offset for partition 0 of the topic, or the error. */
export async function fetched(
  office: GroupOffice,
  requireStable = false,
): Promise<number | string> {
  const groups = [{ groupId, topics: [{ name: topic, partitionIndexes: [0] }] }];
  const answer = await office.ask(offsetFetch, OffsetFetch, 8, { groups, requireStable });
  const partition = answer.groups[0]?.topics[0]?.partitions[0];
  return nameOf(partition?.errorCode) || (partition?.committedOffset ?? "none");
}

/** Joins alone and picks up the assignment; gives the member's id. */
export async function enter(office: GroupOffice, protocolType = "consumer"): Promise<string> {
  const joined = await office.ask(joinGroup, JoinGroup, 2, {
    groupId,
    sessionTimeoutMs: 1_800_000,
    rebalanceTimeoutMs: 1_000,
    memberId: "",
    protocolType,
    protocols: [{ name: "range", metadata: subscription }],
  });
  const { memberId, generationId } = joined;
  const assignments = [{ memberId, assignment: Buffer.from("all") }];
  const request = { groupId, generationId, memberId, assignments };
  const { errorCode } = await office.ask(syncGroup, SyncGroup, 2, request);
  assert.equal(errorCode, 0);
  return memberId;
}

/** Version 0, one topic, no user data. */
export const subscription = Buffer.from(
  `0000000000010006${Buffer.from(topic).toString("hex")}ffffffff`,
  "hex",
);

/** Begins a transaction that is to have offsets of the group. */
export async function begin(office: GroupOffice) {
  const transactionalId = "mover";
  const request = { transactionalId, transactionTimeoutMs: 60_000 };
  const producer = await office.ask(initProducerId, InitProducerId, 1, request);
  assert.equal(producer.errorCode, 0);
  const { producerId, producerEpoch } = producer;
  const who = { transactionalId, producerId, producerEpoch };
  const added = await office.ask(addOffsetsToTxn, AddOffsetsToTxn, 0, { ...who, groupId });
  assert.equal(added.errorCode, 0);
  return who;
}
/** A producer with a transaction under way. */
export type Producer = Awaited<ReturnType<typeof begin>>;

/** Commits an offset as part of the transaction; gives the error. */
export async function commitWithin(
  office: GroupOffice,
  producer: Producer,
  committedOffset: number,
) {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: "" }];
  const request = { ...producer, groupId, topics: [{ name: topic, partitions }] };
  const answer = await office.ask(txnOffsetCommit, TxnOffsetCommit, 2, request);
  return nameOf(answer.topics[0]?.partitions[0]?.errorCode);
}

/** Ends a transaction. */
export async function end(
  office: GroupOffice,
  producer: Producer,
  committed: boolean,
): Promise<void> {
  const { errorCode } = await office.ask(endTxn, EndTxn, 1, { ...producer, committed });
  assert.equal(errorCode, 0);
}
