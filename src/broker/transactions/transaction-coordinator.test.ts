import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, TransactionScene } from "../../../test/transaction-scene.ts";
import type { Transaction } from "./transaction.ts";
import type { ProducerIdentity } from "./transaction-step.ts";

const orders = { topic: "orders", partition: 0 };

function sceneWithTopic(options?: ConstructorParameters<typeof TransactionScene>[0]) {
  const scene = new TransactionScene(options);
  scene.createTopic("orders", 2);
  return scene;
}

/** The transactions without what a restart does not keep. */
function statesOf({ transactions }: TransactionScene): Partial<Transaction>[] {
  return [...transactions.all()]
    .map(({ lastProducerEpoch: _, ...rest }) => rest)
    .sort((one, other) => one.transactionalId.localeCompare(other.transactionalId));
}

test("idempotent producers get ids that nobody has, also after a restart", () => {
  const scene = new TransactionScene();
  const next = ({ transactions }: TransactionScene) =>
    transactions.initProducer({ transactionalId: null, timeoutMs: 0, expected: undefined });
  const ids = [next(scene), next(scene), next(scene.restarted())];
  assert.deepEqual(ids, [
    { producerId: 0, producerEpoch: 0 },
    { producerId: 1, producerEpoch: 0 },
    { producerId: 1000, producerEpoch: 0 },
  ]);
});

test("a commit is seen at once by readers of committed records, an abort never", () => {
  const scene = sceneWithTopic();
  let producer = scene.init("t");
  assert.equal(scene.write("t", producer, orders, "kept"), undefined);
  assert.deepEqual(scene.committed("orders"), []);
  producer = scene.end("t", producer, "commit") as ProducerIdentity;
  assert.equal(producer.producerEpoch, 1);
  assert.deepEqual(scene.committed("orders"), ["kept"]);
  assert.equal(scene.write("t", producer, orders, "dropped"), undefined);
  scene.end("t", producer, "abort");
  assert.deepEqual(scene.committed("orders"), ["kept"]);
  assert.equal(scene.partition("orders").log.lastStableOffset, 4);
});

test("an unknown producer, a wrong epoch and an empty id are refused", () => {
  const scene = sceneWithTopic();
  const nobody = { producerId: 5, producerEpoch: 0 };
  assert.equal(scene.write("t", nobody, orders, "x"), "COORDINATOR_NOT_AVAILABLE");
  const producer = scene.init("t");
  assert.equal(scene.write("other", nobody, orders, "x"), "INVALID_PRODUCER_ID_MAPPING");
  assert.equal(
    scene.write("t", { ...producer, producerEpoch: 1 }, orders, "x"),
    "INVALID_PRODUCER_EPOCH",
  );
  assert.equal(scene.end("other", nobody, "commit"), "INVALID_PRODUCER_ID_MAPPING");
  assert.equal(scene.end("", nobody, "commit"), "INVALID_REQUEST");
  assert.equal(
    codeOf(() => scene.init("")),
    "INVALID_REQUEST",
  );
});

test("a timeout that is not positive or beyond the broker's bound is refused", () => {
  const scene = new TransactionScene({ configs: [["transaction.max.timeout.ms", "1000"]] });
  const attempt = (timeoutMs: number) => codeOf(() => scene.init("t", undefined, timeoutMs));
  assert.equal(attempt(1001), "INVALID_TRANSACTION_TIMEOUT");
  assert.equal(attempt(0), "INVALID_TRANSACTION_TIMEOUT");
  assert.equal(attempt(1000), undefined);
});

test("writes of older producers are only checked: partitions must have been added before", () => {
  const scene = sceneWithTopic();
  const producer = scene.init("t");
  const write = () => scene.write("t", producer, orders, "x", { add: false });
  assert.equal(write(), "TRANSACTION_ABORTABLE");
  scene.transactions.addPartitions("t", producer, [orders], 0);
  assert.equal(write(), undefined);
  assert.deepEqual(scene.end("t", producer, "commit", 0), producer);
  assert.deepEqual(scene.committed("orders"), ["x"]);
});

test("who takes a transactional id over has the open transaction aborted, and fences the one before", () => {
  const scene = sceneWithTopic();
  const first = scene.init("t");
  scene.write("t", first, orders, "lost");
  assert.equal(
    codeOf(() => scene.init("t")),
    "CONCURRENT_TRANSACTIONS",
  );
  assert.equal(scene.partition("orders").log.lastStableOffset, 2);
  const second = scene.init("t");
  assert.equal(second.producerEpoch, 2);
  assert.equal(scene.write("t", first, orders, "late"), "INVALID_PRODUCER_EPOCH");
  assert.equal(scene.end("t", first, "commit"), "PRODUCER_FENCED");
});

test("a transaction that takes too long is aborted, and its producer fenced", () => {
  const scene = sceneWithTopic();
  const producer = scene.init("t", undefined, 30_000);
  scene.write("t", producer, orders, "slow");
  scene.clock.advance(30_000);
  assert.equal(scene.transactions.describe("t").state, "Ongoing");
  scene.clock.advance(10_000);
  assert.equal(scene.transactions.describe("t").state, "CompleteAbort");
  assert.equal(scene.end("t", producer, "commit"), "INVALID_TXN_STATE");
  assert.deepEqual(scene.committed("orders"), []);
  assert.equal(scene.partition("orders").log.lastStableOffset, 2);
});

test("transactional ids are forgotten when nothing was heard of them for long, also in the log", () => {
  const scene = new TransactionScene({ configs: [["transactional.id.expiration.ms", "7200000"]] });
  scene.init("old");
  scene.clock.advance(3_600_000);
  scene.init("young");
  scene.clock.advance(3_600_001);
  const idsOf = ({ transactions }: TransactionScene) =>
    Array.from(transactions.all(), ({ transactionalId }) => transactionalId);
  assert.deepEqual(idsOf(scene), ["young"]);
  assert.deepEqual(idsOf(scene.restarted()), ["young"]);
});

test("a marker in a group's partition is told to the group coordinator", () => {
  const scene = sceneWithTopic();
  scene.createTopic("__consumer_offsets", 3);
  const producer = scene.init("t");
  scene.transactions.addPartitions(
    "t",
    producer,
    [{ topic: "__consumer_offsets", partition: 2 }],
    2,
  );
  scene.end("t", producer, "commit");
  assert.deepEqual(scene.offsetsMarkers, [`2 ${producer.producerId} commit`]);
});

test("partitions of a topic that was deleted meanwhile do not hold a transaction up", () => {
  const scene = sceneWithTopic();
  const producer = scene.init("t");
  scene.write("t", producer, orders, "x");
  scene.controller.deleteTopic("orders");
  assert.deepEqual(scene.end("t", producer, "commit"), { ...producer, producerEpoch: 1 });
  assert.equal(scene.transactions.describe("t").state, "CompleteCommit");
});

test("markers that a full disk refuses are written once there is room, and the producer waits", () => {
  const scene = sceneWithTopic();
  const producer = scene.init("t");
  scene.write("t", producer, orders, "x");
  scene.disk.freeBytes = 0;
  assert.equal(scene.end("t", producer, "commit"), "NOT_COORDINATOR");
  assert.equal(scene.transactions.describe("t").state, "Ongoing");
  // Room for the record of the decision alone.
  scene.disk.freeBytes = 150;
  assert.equal(typeof scene.end("t", producer, "commit"), "object");
  assert.equal(scene.transactions.describe("t").state, "PrepareCommit");
  assert.equal(
    codeOf(() => scene.init("t")),
    "CONCURRENT_TRANSACTIONS",
  );
  assert.deepEqual(scene.committed("orders"), []);
  scene.disk.freeBytes = Number.POSITIVE_INFINITY;
  scene.clock.advance(1000);
  assert.equal(scene.transactions.describe("t").state, "CompleteCommit");
  assert.deepEqual(scene.committed("orders"), ["x"]);
});

test("what was decided before a crash is carried out after it", () => {
  const scene = sceneWithTopic();
  const producer = scene.init("t");
  scene.write("t", producer, orders, "x");
  scene.disk.freeBytes = 150;
  scene.end("t", producer, "commit");
  const next = scene.restarted();
  assert.deepEqual(next.committed("orders"), ["x"]);
  assert.equal(next.transactions.describe("t").state, "CompleteCommit");
});

test("all states are the same after a restart", () => {
  const scene = sceneWithTopic();
  scene.init("empty");
  for (const [id, outcome] of [
    ["one", "commit"],
    ["two", "abort"],
  ] as const) {
    const producer = scene.init(id);
    scene.write(id, producer, { topic: "orders", partition: id === "one" ? 0 : 1 }, id);
    scene.end(id, producer, outcome);
  }
  const open = scene.init("open");
  scene.write("open", open, orders, "x");
  assert.deepEqual(statesOf(scene.restarted()), statesOf(scene));
});

test("without transaction.version 1 states are written in the older form, and the flow stays the older one", () => {
  const scene = sceneWithTopic();
  scene.controller.updateFeatures(
    [{ feature: "transaction.version", level: 0, upgradeType: 3 }],
    false,
  );
  const first = scene.init("t");
  scene.transactions.addPartitions("t", first, [orders], 0);
  scene.write("t", first, orders, "x", { add: false });
  assert.equal(
    codeOf(() => scene.init("t")),
    "CONCURRENT_TRANSACTIONS",
  );
  assert.deepEqual(scene.init("t"), { ...first, producerEpoch: 2 });
  const [state] = statesOf(scene.restarted());
  assert.equal(state?.previousProducerId, -1);
  assert.equal(state?.clientVersion, 0);
});
