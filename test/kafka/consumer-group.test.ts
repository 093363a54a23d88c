import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client, type Consumer, type ConsumerOptions, string } from "millrace/client";
import type { Cluster } from "../../src/client/cluster.ts";
import type { RebalanceEvent } from "../../src/client/consumer/options.ts";
import { startCluster, type TestCluster } from "../cluster.ts";
import { until } from "../until.ts";
import { createTopic, numbered, produce } from "./consumer-fixture.ts";
import { clusterAt } from "./raw-cluster.ts";

const partitions = 6;
const protocols = ["classic", "consumer"] as const;

/** A member that notes what it sees; its loop ends when it is closed. */
class Reader {
  readonly consumer: Consumer<string, string>;
  readonly events: RebalanceEvent[] = [];
  readonly done: Promise<void>;
  #isClosing = false;

  constructor(
    client: Client,
    options: ConsumerOptions<string, string>,
    see: (partition: number, offset: number, value: string) => void,
  ) {
    this.consumer = client.consumer({
      autoOffsetReset: "earliest",
      key: string,
      value: string,
      onRebalance: (event) => void this.events.push(event),
      ...options,
    });
    this.done = this.#read(see);
  }

  /** Ends as a user's program would: after the batch in hand. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.consumer.close();
    await this.done;
  }

  async #read(see: (partition: number, offset: number, value: string) => void): Promise<void> {
    for await (const batch of this.consumer) {
      for (const { partition, offset, value } of batch) see(partition, offset, value ?? "");
      if (this.#isClosing) break;
    }
  }
}

describe("a consumer in a group", { timeout: 120_000 }, () => {
  let kafka: TestCluster;
  let cluster: Cluster;
  let client: Client;
  before(async () => {
    kafka = await startCluster({
      properties: {
        "group.consumer.heartbeat.interval.ms": "500",
        "group.consumer.min.heartbeat.interval.ms": "500",
      },
    });
    cluster = clusterAt(kafka.bootstrapServers);
    client = new Client({
      bootstrapServers: kafka.bootstrapServers,
      allowAutoTopicCreation: false,
    });
  });
  after(async () => {
    await client?.close();
    cluster?.close();
    await kafka?.close();
  });

  /** Goes on writing to all partitions until it is stopped, and gives how many records each has. */
  function writeOn(topic: string): { stop(): Promise<number> } {
    let isOn = true;
    const writing = (async () => {
      let written = 0;
      for (; isOn; written += 10) {
        await Promise.all(
          Array.from({ length: partitions }, (_, partition) =>
            produce(cluster, { topic, partition, records: numbered(10, written) }),
          ),
        );
      }
      return written;
    })();
    return {
      stop() {
        isOn = false;
        return writing;
      },
    };
  }

  for (const groupProtocol of protocols) {
    test(`nothing is lost while members of a ${groupProtocol} group come and go`, {
      timeout: 60_000,
    }, async () => {
      const topic = `comings-${groupProtocol}`;
      await createTopic(cluster, topic, { partitions });
      const seen = new Map<string, number>();
      const see = (partition: number, offset: number, value: string) => {
        assert.equal(String(offset), value);
        seen.set(`${partition}:${offset}`, (seen.get(`${partition}:${offset}`) ?? 0) + 1);
      };
      const options = { topics: [topic], groupId: topic, groupProtocol, autoCommitIntervalMs: 200 };
      const join = () => new Reader(client, options, see);
      const hasSome = (reader: Reader) => async () => reader.consumer.assignment.length > 0;
      const writer = writeOn(topic);
      const first = join();
      await until("the first member has partitions", hasSome(first));
      const second = join();
      await until("the second member has partitions", hasSome(second));
      const third = join();
      await until("the third member has partitions", hasSome(third));
      await second.close();
      await until(
        "the others have all of them",
        async () =>
          first.consumer.assignment.length + third.consumer.assignment.length === partitions,
      );
      const written = await writer.stop();
      await until("all records", async () => seen.size === written * partitions);
      await Promise.all([first.close(), third.close()]);
      const twice = [...seen.values()].filter((times) => times > 1).length;
      // A member that is closed in the middle of a batch has the group read it again; nothing else is.
      assert.ok(twice < seen.size / 2, `${twice} of ${seen.size} records were seen twice`);
      const revoked = first.events.filter(({ event }) => event === "revoked");
      assert.ok(revoked.length > 0);
      assert.deepEqual(
        first.events.filter(({ event }) => event === "lost"),
        [],
      );
    });

    test(`a batch in hand is finished and committed before a ${groupProtocol} group takes its partition`, {
      timeout: 60_000,
    }, async () => {
      const topic = `in-hand-${groupProtocol}`;
      await createTopic(cluster, topic, { partitions });
      const writer = writeOn(topic);
      const seen = new Set<string>();
      const see = (partition: number, offset: number) => {
        const name = `${partition}:${offset}`;
        assert.equal(seen.has(name), false, `${name} was read twice`);
        seen.add(name);
      };
      const options = { topics: [topic], groupId: topic, groupProtocol };
      const holder = client.consumer({ ...options, autoOffsetReset: "earliest" });
      let inHand = -1;
      let joiner: Reader | undefined;
      for await (const batch of holder) {
        for (const { partition, offset } of batch) see(partition, offset);
        if (joiner && joiner.consumer.assignment.length === 3) {
          await batch.commit();
          break;
        }
        if (joiner) continue;
        inHand = batch.partition;
        joiner = new Reader(client, options, (partition, offset) => {
          assert.notEqual(partition, inHand);
          see(partition, offset);
        });
        const start = Date.now();
        await until("time enough to take the partition", async () => Date.now() - start > 2_000);
        inHand = -1;
      }
      await writer.stop();
      await Promise.all([holder.close(), joiner?.close()]);
    });

    test(`topics that match a pattern are read, also those that come later, in a ${groupProtocol} group`, {
      timeout: 60_000,
    }, async () => {
      const name = (index: number) => `pattern-${groupProtocol}-${index}`;
      await createTopic(cluster, name(1));
      await createTopic(cluster, `other-${groupProtocol}`);
      await produce(cluster, { topic: name(1), records: numbered(3) });
      await produce(cluster, { topic: `other-${groupProtocol}`, records: numbered(3) });
      const impatient = new Client({
        bootstrapServers: kafka.bootstrapServers,
        metadataMaxAgeMs: 1_000,
      });
      const topics = new RegExp(`^pattern-${groupProtocol}-\\d$`);
      let count = 0;
      const reader = new Reader(impatient, { topics, groupId: name(0), groupProtocol }, () => {
        count += 1;
      });
      await until("the first topic", async () => count === 3);
      await createTopic(cluster, name(2));
      await produce(cluster, { topic: name(2), records: numbered(4) });
      await until("the second topic", async () => count === 7);
      await reader.close();
      await impatient.close();
    });
  }

  test("what is marked is committed before partitions go and on closing, without automatic commits", {
    timeout: 30_000,
  }, async () => {
    const topic = "marks";
    await createTopic(cluster, topic);
    await produce(cluster, { topic, records: numbered(10), batchRecords: 5 });
    const options = { topics: [topic], groupId: topic, enableAutoCommit: false };
    const consumer = client.consumer({ ...options, autoOffsetReset: "earliest" });
    for await (const _ of consumer) {
      consumer.mark({ topic, partition: 0, offset: 7 });
      break;
    }
    await consumer.close();
    const [committed] = await client
      .consumer({ assignment: [], groupId: topic })
      .committed([{ topic, partition: 0 }]);
    assert.equal(committed?.offset, 7);
  });

  test("a transaction takes the consumer's offsets with it", { timeout: 30_000 }, async () => {
    const [input, output] = ["transfer-in", "transfer-out"];
    await createTopic(cluster, input);
    await createTopic(cluster, output);
    await produce(cluster, { topic: input, records: numbered(10) });
    await using producer = client.producer({ transactionalId: "transfer" });
    const options = { topics: [input], groupId: "transfer", enableAutoCommit: false };
    await using consumer = client.consumer({ ...options, autoOffsetReset: "earliest" });
    for await (const batch of consumer) {
      await producer.begin();
      for (const { value } of batch) void producer.send({ topic: output, value });
      const { topic, partition, nextOffset: offset } = batch;
      await producer.sendOffsets([{ topic, partition, offset }], consumer.groupMetadata);
      await producer.commit();
      break;
    }
    const [committed] = await consumer.committed([{ topic: input, partition: 0 }]);
    assert.equal(committed?.offset, 10);
  });

  test("an onRebalance that throws ends the loop with its error as the cause", {
    timeout: 30_000,
  }, async () => {
    const topic = "throws";
    await createTopic(cluster, topic);
    const cause = new Error("no room for another partition");
    const onRebalance = () => {
      throw cause;
    };
    const consumer = client.consumer({ topics: [topic], groupId: topic, onRebalance });
    await assert.rejects(consumer.poll({ timeoutMs: 10_000 }), { code: "INVALID_STATE", cause });
    await consumer.close();
  });

  test("a group that may not be joined rejects the loop", { timeout: 30_000 }, async () => {
    const topic = "refused";
    await createTopic(cluster, topic);
    const options = {
      topics: [topic],
      groupId: topic,
      sessionTimeoutMs: 2,
      heartbeatIntervalMs: 1,
    };
    const impossible = client.consumer(options);
    await assert.rejects(impossible.poll({ timeoutMs: 10_000 }), {
      code: "INVALID_SESSION_TIMEOUT",
    });
    await impossible.close();
  });
});
