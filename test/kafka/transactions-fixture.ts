import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Cluster } from "../../src/client/cluster.ts";
import { Producer } from "../../src/client/producer/producer.ts";
import { OffsetFetch } from "../../src/protocol/apis/offset-fetch.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { until } from "../until.ts";
import { createTopic } from "./consumer-fixture.ts";
import { readTopic } from "./producer-fixture.ts";
import { clusterAt } from "./raw-cluster.ts";

/** Declares the suite of transactions for a cluster with this level of `transaction.version` (KIP-890). */
export function describeTransactions(transactionVersion: number): void {
  describe(`transactions with transaction.version ${transactionVersion}`, () => {
    let kafka: TestCluster;
    let cluster: Cluster;
    let names = 0;
    before(async () => {
      kafka = await startCluster({
        features: { "transaction.version": transactionVersion },
        properties: { "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500" },
      });
      cluster = clusterAt(kafka.bootstrapServers);
    });
    after(async () => {
      cluster?.close();
      await kafka?.close();
    });

    async function newTopic(configs: Readonly<Record<string, string>> = {}): Promise<string> {
      names += 1;
      await createTopic(cluster, `topic-${names}`, { partitions: 2, configs });
      return `topic-${names}`;
    }

    function newProducer(transactionalId: string, transactionTimeoutMs = 60_000): Producer {
      return new Producer(cluster, { transactionalId, transactionTimeoutMs });
    }

    /** The markers of a transaction may come to the log a moment after its end was acknowledged. */
    async function expectCommitted(expected: readonly string[], ...topics: readonly string[]) {
      let values: (string | null)[] = [];
      await until(`as many committed records as ${expected.length}`, async () => {
        const found = await Promise.all(
          topics.map((topic) => readTopic(cluster, topic, { committed: true })),
        );
        values = found.flat().map(({ value }) => value);
        return values.length >= expected.length;
      });
      assert.deepEqual(values.toSorted(), expected);
    }

    async function committedOffset(groupId: string, topic: string): Promise<number> {
      const coordinator = await cluster.coordinator("group", groupId);
      const body = {
        groups: [{ groupId, topics: [{ name: topic, partitionIndexes: [0] }] }],
        requireStable: true,
      };
      const { groups } = await cluster.request(coordinator, OffsetFetch, body, { newest: 9 });
      return groups[0]?.topics[0]?.partitions[0]?.committedOffset ?? -1;
    }

    test("what is committed is seen, in all topics; what is aborted is not", async () => {
      const [one, two] = [await newTopic(), await newTopic()];
      await using producer = newProducer("mixed");
      for (let round = 0; round < 6; round += 1) {
        await producer.begin();
        for (const topic of [one, two]) {
          for (let index = 0; index < 10; index += 1) {
            producer.enqueue({ topic, key: `${index}`, value: `${round}` });
          }
        }
        if (round % 2 === 0) await producer.commit();
        else {
          await producer.flush();
          await producer.abort();
        }
      }
      const expected = ["0", "2", "4"].flatMap((value) => new Array<string>(20).fill(value));
      await expectCommitted(expected, one, two);
      assert.equal((await readTopic(cluster, one)).length, 60);
    });

    test("offsets are committed with the transaction, or not at all", async () => {
      const topic = await newTopic();
      await using producer = newProducer("offsets");
      await producer.begin();
      await producer.send({ topic, value: "1" });
      await producer.sendOffsets([{ topic, partition: 0, offset: 11 }], "group");
      await producer.commit();
      await until("the offset", async () => (await committedOffset("group", topic)) === 11);
      await producer.begin();
      await producer.sendOffsets([{ topic, partition: 0, offset: 12 }], "group");
      await producer.abort();
      await until("an end of the transaction", async () => {
        return (await committedOffset("group", topic)) >= 0;
      });
      assert.equal(await committedOffset("group", topic), 11);
    });

    test("a member the group does not know cannot commit its offsets, and the transaction goes no further", async () => {
      const topic = await newTopic();
      await using producer = newProducer("stranger");
      await producer.begin();
      const group = {
        groupId: "strangers",
        generationId: 3,
        memberId: "me",
        groupInstanceId: null,
      };
      const offsets = [{ topic, partition: 0, offset: 1 }];
      await assert.rejects(producer.sendOffsets(offsets, group), (error: { code: string }) =>
        ["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION"].includes(error.code),
      );
      assert.equal(producer.state, "abortable-error");
      await assert.rejects(producer.commit(), { code: "INVALID_STATE", message: /abort\(\)/ });
      await producer.abort();
      await producer.begin();
      await producer.send({ topic, value: "afterwards" });
      await producer.commit();
      await expectCommitted(["afterwards"], topic);
    });

    test("a record that fails makes the transaction one that can only be aborted", async () => {
      const [topic, strict] = [await newTopic(), await newTopic({ "cleanup.policy": "compact" })];
      await using producer = newProducer("failing");
      await producer.begin();
      await producer.send({ topic, value: "with the failure" });
      await assert.rejects(producer.send({ topic: strict, value: "no key" }), {
        code: "INVALID_RECORD",
      });
      assert.equal(producer.state, "abortable-error");
      assert.equal(producer.error?.code, "INVALID_RECORD");
      await assert.rejects(producer.send({ topic, value: "" }), { code: "INVALID_STATE" });
      await producer.abort();
      for (const value of ["next", "and next"]) {
        await producer.begin();
        await producer.send({ topic: strict, key: "k", value });
        await producer.send({ topic, value });
        await producer.commit();
      }
      await expectCommitted(["and next", "next"], topic);
      await expectCommitted(["and next", "next"], strict);
    });

    test("the older of two producers with one transactional id is fenced, and what it began is aborted", async () => {
      const topic = await newTopic();
      await using older = newProducer("twins");
      await older.begin();
      await older.send({ topic, value: "of the older" });
      await using newer = newProducer("twins");
      await newer.begin();
      await newer.send({ topic, value: "of the newer" });
      older.enqueue({ topic, value: "too late" });
      await assert.rejects(older.commit());
      if (older.state === "abortable-error") {
        await assert.rejects(older.abort(), { code: "PRODUCER_FENCED", message: /twins/ });
      }
      assert.equal(older.state, "fatal-error");
      await assert.rejects(older.begin(), { code: "INVALID_STATE", message: /taken over/ });
      await newer.commit();
      await expectCommitted(["of the newer"], topic);
    });

    test("a producer that died holds nobody up once its successor has begun", async () => {
      const topic = await newTopic();
      const lost = clusterAt(kafka.bootstrapServers);
      const dead = new Producer(lost, { transactionalId: "dead" });
      await dead.begin();
      await dead.send({ topic, value: "half-way" });
      lost.close();
      await dead.close({ timeoutMs: 100 });
      await using successor = newProducer("dead");
      await successor.begin();
      await successor.send({ topic, value: "whole" });
      await successor.commit();
      await expectCommitted(["whole"], topic);
    });

    test("an empty transaction ends without a word to the coordinator", async () => {
      await using producer = newProducer("empty");
      await producer.init();
      for (const end of ["commit", "abort"] as const) {
        await producer.begin();
        await producer[end]();
        assert.equal(producer.state, "ready");
      }
    });

    test("closing aborts the open transaction", async () => {
      const topic = await newTopic();
      const producer = newProducer("closing");
      await producer.begin();
      const sent = producer.send({ topic, value: "never committed" });
      await producer.close();
      await sent;
      await using next = newProducer("closing");
      await next.begin({ timeoutMs: 10_000 });
      await next.send({ topic, value: "committed" });
      await next.commit();
      await expectCommitted(["committed"], topic);
    });

    test("operations out of turn are refused at once, naming the state", async () => {
      const topic = await newTopic();
      await using producer = newProducer("turns");
      assert.equal(producer.state, "uninitialized");
      await assert.rejects(producer.send({ topic, value: "" }), {
        code: "INVALID_STATE",
        message: /uninitialized/,
      });
      await assert.rejects(producer.commit(), { code: "INVALID_STATE", message: /begin\(\)/ });
      await producer.begin();
      await assert.rejects(producer.begin(), { code: "INVALID_STATE" });
      await producer.abort();
      await using plain = new Producer(cluster);
      await assert.rejects(plain.begin(), { code: "INVALID_STATE", message: /transactionalId/ });
    });

    test("a transaction that takes too long is aborted by the broker; the producer finds out", async () => {
      const topic = await newTopic();
      await using producer = newProducer("slow", 1_000);
      await producer.begin();
      await producer.send({ topic, partition: 0, value: "slow" });
      await until("the broker's abort", async () => {
        await using probe = new Producer(cluster, {});
        await probe.send({ topic, partition: 0, value: "probe" });
        const all = await readTopic(cluster, topic);
        const committed = await readTopic(cluster, topic, { committed: true });
        // As long as it is undecided, nothing behind it is readable.
        return committed.length === all.length - 1;
      });
      await assert.rejects(producer.commit());
      if (producer.state === "abortable-error") await producer.abort().catch(() => {});
      assert.ok(["ready", "fatal-error"].includes(producer.state), producer.state);
    });
  });
}
