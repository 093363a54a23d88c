import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { coordinatorPartition } from "../../src/broker/coordinator-partition.ts";
import { Client } from "../../src/client/client.ts";
import type { TestCluster } from "../cluster.ts";
import { until } from "../until.ts";
import { clusterAt } from "./raw-cluster.ts";
import { StreamsMember } from "./streams-member.ts";

/** What goes on beside a transcript of Kafka's tools, and what its commands name. */
export interface ToolSteps extends Disposable {
  readonly steps: { readonly [sentence: string]: () => Promise<void> };
  readonly names: { readonly [name: string]: string };
}

/** The default number of partitions of `__consumer_offsets` and `__transaction_state`. */
const coordinatorPartitions = 50;
const topic = "orders";

/** Members of groups of all kinds, which come, commit, and go. */
export async function groupSteps({ bootstrapServers }: TestCluster): Promise<ToolSteps> {
  const client = new Client({ bootstrapServers, clientId: "scene" });
  const cluster = clusterAt(bootstrapServers);
  const offsets = [
    { topic, partition: 0, offset: 3 },
    { topic, partition: 1, offset: 2, metadata: "half way" },
  ];
  const enter = async (groupId: string, groupProtocol: "classic" | "consumer") => {
    const options = { topics: [topic], groupId, groupProtocol, enableAutoCommit: false };
    const member = client.consumer({ ...options, autoOffsetReset: "earliest" });
    await until(`partitions of ${groupId}`, async () => {
      await member.poll({ timeoutMs: 100 });
      return member.assignment.length === 2;
    });
    await member.commit(offsets);
    return member;
  };
  const members: { close(): Promise<void> }[] = [];
  const streams = new StreamsMember(cluster, { groupId: "totals", topic });
  return {
    names: { billing: `${coordinatorPartition("billing", coordinatorPartitions)}` },
    steps: {
      "records 0 to 9 are in orders": async () => {
        await using producer = client.producer();
        for (let index = 0; index < 10; index += 1) {
          await producer.send({ topic, partition: index % 2, value: `${index}` });
        }
      },
      "a member of the classic group billing has read 5 records and stays": async () => {
        members.push(await enter("billing", "classic"));
      },
      "a member of the consumer group shipping has read 5 records and stays": async () => {
        members.push(await enter("shipping", "consumer"));
      },
      "a member of the streams group totals has its tasks and stays": () => streams.enter(),
      "the members leave": async () => {
        await Promise.all(members.map((member) => member.close()));
        await streams.leave();
      },
    },
    [Symbol.dispose]() {
      cluster.close();
      void client.close();
    },
  };
}

/** Transactions that commit, abort and stay open. */
export async function transactionSteps(cluster: TestCluster): Promise<ToolSteps> {
  const client = new Client({ bootstrapServers: cluster.bootstrapServers, clientId: "scene" });
  const begin = async (transactionalId: string) => {
    const producer = client.producer({ transactionalId });
    await producer.begin();
    await producer.send({ topic, value: transactionalId });
    return producer;
  };
  const end = async () => {
    const query = { topic, partition: 0, at: "latest" } as const;
    const options = { isolationLevel: "read-committed" } as const;
    return (await client.admin().records.listOffsets(query, options)).offset;
  };
  return {
    names: { t1: `${coordinatorPartition("t1", coordinatorPartitions)}` },
    steps: {
      "t1 commits, t2 aborts, t3 stays open": async () => {
        await (await begin("t1")).commit();
        await until("the marker of t1", async () => (await end()) === 2);
        await (await begin("t2")).abort();
        await until("the marker of t2", async () => (await end()) === 4);
        await begin("t3");
      },
      "the transaction of t3 is over in orders": () =>
        until("the marker of t3", async () => (await end()) === 6),
      "the file delete.json asks to delete what lies below offset 2": () =>
        writeFile(
          join(cluster.directory, "delete.json"),
          JSON.stringify({ partitions: [{ topic, partition: 0, offset: 2 }], version: 1 }),
        ),
    },
    [Symbol.dispose]() {
      void client.close();
    },
  };
}
