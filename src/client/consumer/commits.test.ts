import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedCluster } from "../../../test/scripted-cluster.ts";
import { ScriptedLogs } from "../../../test/scripted-logs.ts";
import { FindCoordinator, OffsetCommit, OffsetFetch } from "../../protocol/index.ts";
import { string } from "../serde.ts";
import { Consumer } from "./consumer.ts";
import type { ConsumerOptions } from "./options.ts";

const orders = { topic: "orders", partition: 0 };

interface Group {
  readonly logs: ScriptedLogs;
  /** What was committed, in the order of arrival. */
  readonly committed: number[];
  /** Errors that the next commits are answered with. */
  readonly errors: number[];
  /** How long the next commits take. */
  readonly delaysMs: number[];
}

/** A group without members, whose coordinator remembers what was committed. */
function group(committedOffset = -1): Group {
  const logs = new ScriptedLogs([{ name: "orders", leaders: [1] }]);
  const committed: number[] = [];
  const errors: number[] = [];
  const delaysMs: number[] = [];
  const coordinator = { errorCode: 0, errorMessage: null, ...ScriptedCluster.address(1) };
  logs.scripted
    .on(
      FindCoordinator,
      ({ coordinatorKeys }) => ({
        coordinators: coordinatorKeys.map((key) => ({ key, ...coordinator })),
      }),
      6,
    )
    .on(
      OffsetFetch,
      ({ groups }) => ({
        groups: groups.map(({ groupId, topics }) => ({
          groupId,
          topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
            name,
            partitions: partitionIndexes.map((partitionIndex) => ({
              partitionIndex,
              committedOffset: committed.at(-1) ?? committedOffset,
              metadata: "",
              errorCode: 0,
            })),
          })),
        })),
      }),
      9,
    )
    .on(
      OffsetCommit,
      async ({ topics }) => {
        await logs.scripted.clock.sleep(delaysMs.shift() ?? 1);
        const errorCode = errors.shift() ?? 0;
        for (const { partitions } of topics) {
          for (const one of partitions) if (errorCode === 0) committed.push(one.committedOffset);
        }
        return {
          topics: topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
          })),
        };
      },
      9,
    );
  return { logs, committed, errors, delaysMs };
}

function reader({ logs }: Group, options: Partial<ConsumerOptions<string, string>> = {}) {
  return new Consumer<string, string>(logs.scripted.cluster, {
    assignment: [orders],
    groupId: "billing",
    autoOffsetReset: "earliest",
    key: string,
    value: string,
    ...options,
  });
}

test("reading begins at the committed offset", async () => {
  const made = group(1);
  made.logs.log("orders").append(["a", "b"]);
  await using consumer = reader(made);
  for await (const batch of consumer) {
    assert.deepEqual(
      batch.records().map(({ value }) => value),
      ["b"],
    );
    break;
  }
});

test("a batch is committed by itself once the loop has asked for the next one", async () => {
  const made = group();
  made.logs.log("orders").append(["a"]);
  const { clock } = made.logs.scripted;
  await using consumer = reader(made, { autoCommitIntervalMs: 1_000 });
  for await (const batch of consumer) {
    if (batch.nextOffset === 2) break;
    await clock.sleep(3_000);
    assert.deepEqual(made.committed, []);
    clock.after(3_000, () => made.logs.log("orders").append(["b"]));
  }
  assert.deepEqual(made.committed, [1]);
});

test("closing commits what was consumed, and not the batch in hand", async () => {
  const made = group();
  made.logs.log("orders").append(["a"]);
  const consumer = reader(made);
  for await (const batch of consumer) {
    if (batch.nextOffset === 2) break;
    made.logs.log("orders").append(["b"]);
  }
  await consumer.close();
  assert.deepEqual(made.committed, [1]);
});

test("without automatic commits only what is marked is committed on closing", async () => {
  const made = group();
  made.logs.log("orders").append(["a"]);
  made.logs.log("orders").append(["b"]);
  const consumer = reader(made, { enableAutoCommit: false, maxPartitionFetchBytes: 1 });
  let seen = 0;
  for await (const batch of consumer) {
    seen += 1;
    if (seen === 1) batch.mark();
    else break;
  }
  await consumer.close();
  assert.deepEqual(made.committed, [1]);
});

test("a commit without offsets covers what was handed out, the batch in hand included", async () => {
  const made = group();
  made.logs.log("orders").append(["a", "b"]);
  await using consumer = reader(made, { enableAutoCommit: false });
  for await (const _ of consumer) {
    await consumer.commit();
    break;
  }
  assert.deepEqual(made.committed, [2]);
  const [place] = await consumer.committed([orders]);
  assert.equal(place?.offset, 2);
});

test("commits arrive in the order in which they were asked for, also when the first one is slow", async () => {
  const made = group();
  made.delaysMs.push(5_000, 1);
  await using consumer = reader(made, { enableAutoCommit: false });
  const outcomes: string[] = [];
  const commit = (offset: number) =>
    consumer.commit([{ ...orders, offset }]).then(() => outcomes.push(`by hand ${offset}`));
  const first = commit(1);
  consumer.commitSoon([{ ...orders, offset: 2 }], (error) => outcomes.push(`soon ${error}`));
  await Promise.all([first, commit(3)]);
  assert.deepEqual(made.committed, [1, 2, 3]);
  assert.deepEqual(outcomes, ["by hand 1", "soon undefined", "by hand 3"]);
});

test("a commit that fails rejects, and its failure is told to whoever did not wait", async () => {
  const made = group();
  const groupAuthorizationFailed = 30;
  made.errors.push(groupAuthorizationFailed, groupAuthorizationFailed);
  await using consumer = reader(made);
  await assert.rejects(consumer.commit([{ ...orders, offset: 1 }]), {
    code: "GROUP_AUTHORIZATION_FAILED",
  });
  const told = Promise.withResolvers<Error | undefined>();
  consumer.commitSoon([{ ...orders, offset: 1 }], (error) => told.resolve(error));
  assert.match(String(await told.promise), /GROUP_AUTHORIZATION_FAILED/);
  assert.equal(consumer.metrics().counters["commit-failed-total"], 2);
});

test("a seek back is not undone by what was marked before it", async () => {
  const made = group();
  made.logs.log("orders").append(["a"]);
  made.logs.log("orders").append(["b"]);
  const consumer = reader(made, { maxPartitionFetchBytes: 1 });
  let seen = 0;
  for await (const _ of consumer) {
    seen += 1;
    if (seen === 2) consumer.seek({ ...orders, offset: 0 });
    if (seen === 4) break;
  }
  await consumer.close();
  assert.deepEqual(made.committed, [1]);
});

test("the marker behind a transaction is committed with it, so that no lag remains", async () => {
  const made = group();
  const log = made.logs.log("orders");
  log.append(["a"], { producerId: 1 });
  log.end(1, "commit");
  const { clock } = made.logs.scripted;
  await using consumer = reader(made, { isolationLevel: "read-committed" });
  for await (const batch of consumer) {
    assert.equal(batch.nextOffset, 2);
    log.append(["x"], { producerId: 1 });
    log.end(1, "abort");
    await clock.sleep(2_000);
    await batch.commit();
    break;
  }
  assert.deepEqual(made.committed, [4]);
});
