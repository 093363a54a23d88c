import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedCluster } from "../../../test/scripted-cluster.ts";
import { ScriptedPartitions } from "../../../test/scripted-partitions.ts";
import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { AddOffsetsToTxn } from "../../protocol/apis/add-offsets-to-txn.ts";
import { AddPartitionsToTxn } from "../../protocol/apis/add-partitions-to-txn.ts";
import { EndTxn } from "../../protocol/apis/end-txn.ts";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { InitProducerId } from "../../protocol/apis/init-producer-id.ts";
import { TxnOffsetCommit } from "../../protocol/apis/txn-offset-commit.ts";
import { Producer } from "./producer.ts";

const topic = "orders";
const transactionalId = "sales";

/** A coordinator of the time before `transaction.version` 2, whose answers a test can spoil. */
class Coordinator {
  readonly scripted = new ScriptedCluster([1, 2]);
  readonly partitions = new ScriptedPartitions(this.scripted);
  readonly producer = new Producer(this.scripted.cluster, { transactionalId });
  /** Errors that are answered before anything else, by API. */
  readonly errors = new Map<string, BrokerErrorCode[]>();
  /** Where the coordinator is. */
  broker = 1;
  epoch = -1;
  readonly ended: boolean[] = [];

  constructor() {
    this.scripted.topics = [{ name: topic, leaders: [1, 2] }];
    this.scripted.on(FindCoordinator, ({ coordinatorKeys }) => ({
      coordinators: coordinatorKeys.map((key) => ({
        key,
        ...ScriptedCluster.address(this.broker),
        errorCode: 0,
        errorMessage: null,
      })),
    }));
    this.scripted.on(InitProducerId, () => {
      const errorCode = this.#next("InitProducerId");
      if (errorCode === 0) this.epoch += 1;
      return { errorCode, producerId: 5, producerEpoch: this.epoch };
    });
    this.scripted.on(
      AddPartitionsToTxn,
      ({ v3AndBelowTopics }) => {
        const partitionErrorCode = this.#next("AddPartitionsToTxn");
        return {
          resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name, partitions }) => ({
            name,
            resultsByPartition: partitions.map((partitionIndex) => ({
              partitionIndex,
              partitionErrorCode,
            })),
          })),
        };
      },
      3,
    );
    this.scripted.on(AddOffsetsToTxn, () => ({ errorCode: this.#next("AddOffsetsToTxn") }));
    this.scripted.on(TxnOffsetCommit, ({ topics }) => {
      const errorCode = this.#next("TxnOffsetCommit");
      const partitionsOf = ({ partitions }: (typeof topics)[number]) =>
        partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode }));
      return { topics: topics.map((one) => ({ name: one.name, partitions: partitionsOf(one) })) };
    });
    this.scripted.on(
      EndTxn,
      ({ committed }, { broker }) => {
        if (broker !== this.broker) return { errorCode: brokerErrorNumber("NOT_COORDINATOR") };
        const errorCode = this.#next("EndTxn");
        if (errorCode === 0) this.ended.push(committed);
        return { errorCode };
      },
      4,
    );
  }

  /** The requests after the handshakes, by name. */
  get requests(): string[] {
    return this.scripted.log.map((line) => line.split(" ")[0] as string);
  }

  count(name: string): number {
    return this.requests.filter((one) => one === name).length;
  }

  #next(name: string): number {
    const code = this.errors.get(name)?.shift();
    return code ? brokerErrorNumber(code) : 0;
  }
}

test("partitions are added before their batches go, those that come together in one request", async () => {
  const coordinator = new Coordinator();
  const { producer } = coordinator;
  await producer.begin();
  const sends = [0, 1].map((partition) => producer.send({ topic, partition, value: "v" }));
  await Promise.all(sends);
  await producer.commit();
  const { requests } = coordinator;
  assert.equal(coordinator.count("AddPartitionsToTxn"), 1);
  assert.ok(requests.indexOf("AddPartitionsToTxn") < requests.indexOf("Produce"));
  assert.deepEqual(coordinator.ended, [true]);
  await producer.close();
});

test("the sequence goes on from one transaction to the next, within an epoch", async () => {
  const { producer, partitions } = new Coordinator();
  for (const value of ["a", "b"]) {
    await producer.begin();
    await producer.send({ topic, partition: 0, value });
    await producer.commit();
  }
  const { batches } = partitions.partition(topic, 0);
  assert.deepEqual(
    batches.map(({ producerEpoch, baseSequence }) => [producerEpoch, baseSequence]),
    [
      [0, 0],
      [0, 1],
    ],
  );
  assert.ok(batches.every(({ isTransactional }) => isTransactional));
  await producer.close();
});

test("the end of the previous transaction is waited for", async () => {
  const coordinator = new Coordinator();
  const { producer, errors } = coordinator;
  errors.set("AddPartitionsToTxn", ["CONCURRENT_TRANSACTIONS", "CONCURRENT_TRANSACTIONS"]);
  errors.set("EndTxn", ["CONCURRENT_TRANSACTIONS", "COORDINATOR_LOAD_IN_PROGRESS"]);
  await producer.begin();
  await producer.send({ topic, partition: 0, value: "v" });
  await producer.commit();
  assert.equal(coordinator.count("AddPartitionsToTxn"), 3);
  assert.deepEqual(coordinator.ended, [true]);
  await producer.close();
});

test("a coordinator that has moved is found again", async () => {
  const coordinator = new Coordinator();
  const { producer } = coordinator;
  await producer.begin();
  await producer.send({ topic, partition: 0, value: "v" });
  coordinator.broker = 2;
  await producer.commit();
  assert.deepEqual(coordinator.ended, [true]);
  await producer.close();
});

test("a partition that must not be added ends the transaction; after the abort there is a new epoch", async () => {
  const coordinator = new Coordinator();
  const { producer, errors, partitions } = coordinator;
  errors.set("AddPartitionsToTxn", ["TOPIC_AUTHORIZATION_FAILED"]);
  await producer.begin();
  await assert.rejects(producer.send({ topic, partition: 0, value: "a" }), {
    code: "TOPIC_AUTHORIZATION_FAILED",
  });
  assert.equal(producer.state, "abortable-error");
  await producer.abort();
  assert.deepEqual(coordinator.ended, [], "the coordinator knows of no transaction");
  await producer.begin();
  await producer.send({ topic, partition: 0, value: "b" });
  await producer.commit();
  const [batch] = partitions.partition(topic, 0).batches;
  assert.deepEqual([batch?.producerEpoch, batch?.baseSequence], [1, 0]);
  await producer.close();
});

test("a commit that takes too long may be repeated until its outcome is known", async () => {
  const coordinator = new Coordinator();
  const { producer, errors } = coordinator;
  await producer.begin();
  await producer.send({ topic, partition: 0, value: "v" });
  errors.set("EndTxn", new Array(1_000).fill("COORDINATOR_LOAD_IN_PROGRESS"));
  await assert.rejects(producer.commit({ timeoutMs: 2_000 }), { code: "TIMED_OUT" });
  assert.equal(producer.state, "committing");
  await assert.rejects(producer.abort(), { code: "INVALID_STATE", message: /commit\(\)/ });
  errors.delete("EndTxn");
  await producer.commit();
  assert.equal(producer.state, "ready");
  assert.deepEqual(coordinator.ended, [true]);
  await producer.close();
});

test("a commit waits for the offsets that are under way", async () => {
  const coordinator = new Coordinator();
  const { producer, errors } = coordinator;
  errors.set("TxnOffsetCommit", ["COORDINATOR_LOAD_IN_PROGRESS", "UNKNOWN_TOPIC_OR_PARTITION"]);
  await producer.begin();
  const offsets = producer.sendOffsets([{ topic, partition: 0, offset: 3 }], "group");
  await producer.commit();
  await offsets;
  const end = coordinator.requests.lastIndexOf("EndTxn");
  assert.ok(coordinator.requests.lastIndexOf("TxnOffsetCommit") < end);
  assert.equal(coordinator.count("TxnOffsetCommit"), 3);
  await producer.close();
});

test("what was not sent before an abort fails, and the transaction is aborted", async () => {
  const coordinator = new Coordinator();
  const { producer, partitions } = coordinator;
  await producer.begin();
  await producer.send({ topic, partition: 0, value: "a" });
  partitions.fault = () => "NOT_ENOUGH_REPLICAS";
  const stuck = assert.rejects(producer.send({ topic, partition: 0, value: "b" }), {
    code: "TRANSACTION_ABORTED",
  });
  await producer.abort();
  await stuck;
  partitions.fault = () => undefined;
  assert.deepEqual(coordinator.ended, [false]);
  await producer.begin();
  await producer.send({ topic, partition: 0, value: "c" });
  await producer.commit();
  const { values, batches } = partitions.partition(topic, 0);
  assert.deepEqual(values, ["a", "c"]);
  assert.ok((batches[1]?.baseSequence ?? -1) === (batches[1]?.producerEpoch === 0 ? 1 : 0));
  await producer.close();
});

test("a fenced producer says so, and allows nothing more", async () => {
  const { producer, errors } = new Coordinator();
  await producer.begin();
  await producer.send({ topic, partition: 0, value: "v" });
  errors.set("EndTxn", ["INVALID_PRODUCER_EPOCH"]);
  await assert.rejects(producer.commit(), { code: "PRODUCER_FENCED", message: /sales/ });
  assert.equal(producer.state, "fatal-error");
  assert.equal(producer.error?.code, "PRODUCER_FENCED");
  for (const operation of ["begin", "commit", "abort"] as const) {
    await assert.rejects(producer[operation](), { code: "INVALID_STATE" });
  }
  await producer.close();
});

test("an initialization that is refused can be tried again", async () => {
  const { producer, errors } = new Coordinator();
  errors.set("InitProducerId", ["TRANSACTIONAL_ID_AUTHORIZATION_FAILED"]);
  await assert.rejects(producer.begin(), { code: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" });
  assert.equal(producer.state, "uninitialized");
  await producer.begin();
  assert.equal(producer.state, "in-transaction");
  await producer.close();
});
