import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Claim, type ClaimHandler, Client, string } from "millrace/client";
import { startCluster, type TestCluster } from "../cluster.ts";
import { until } from "../until.ts";

const partitions = 4;

describe("claims", () => {
  let kafka: TestCluster;
  let client: Client;
  before(async () => {
    kafka = await startCluster();
    client = new Client({ bootstrapServers: kafka.bootstrapServers });
  });
  after(async () => {
    await client?.close();
    await kafka?.close();
  });

  /** A topic with as many records, spread over its partitions; values count up per partition. */
  async function filledTopic(name: string, records: number): Promise<string> {
    await client.admin().topics.create({ name, numPartitions: partitions });
    await append(name, 0, records);
    return name;
  }

  async function append(topic: string, start: number, end: number): Promise<void> {
    await using producer = client.producer();
    for (let index = start; index < end; index += 1) {
      const full = producer.enqueue({ topic, partition: index % partitions, value: `${index}` });
      if (full) await full;
    }
    await producer.flush();
  }

  function claimsOn(topic: string, groupId: string, handler: ClaimHandler<Buffer, string>) {
    const options = {
      topics: [topic],
      groupId,
      autoOffsetReset: "earliest",
      value: string,
    } as const;
    return client.claims(options, handler);
  }

  test("set-up, claims side by side, clean-up, in this order", async () => {
    const topic = await filledTopic("order", 400);
    const seen: string[] = [];
    const values = new Set<string>();
    let sideBySide = 0;
    let most = 0;
    const claims = claimsOn(topic, "order", {
      setUp: ({ partitions: own }) => void seen.push(`set up ${own.length}`),
      async consume(claim) {
        sideBySide += 1;
        most = Math.max(most, sideBySide);
        for await (const batch of claim) {
          for (const { value } of batch) values.add(value ?? "");
          batch.mark();
        }
        sideBySide -= 1;
        seen.push("claim ended");
      },
      cleanUp: () => void seen.push(`clean up, ${sideBySide} at work`),
    });
    await until("all records", () => values.size === 400);
    await claims.close();
    assert.deepEqual(seen, [
      "set up 4",
      ...Array.from({ length: 4 }, () => "claim ended"),
      "clean up, 0 at work",
    ]);
    assert.equal(most, 4);
    await claims.ended;
  });

  test("what is marked is committed on close, and what is not comes again", async () => {
    const topic = await filledTopic("marks", 100);
    let marked = 0;
    const first = claimsOn(topic, "marks", {
      async consume(claim) {
        for await (const batch of claim) {
          const offset = batch.firstOffset + 10;
          claim.mark(offset);
          marked += 1;
        }
      },
    });
    await until("a mark in each partition", () => marked === partitions);
    await first.close();
    const firstOffsets = new Map<number, number>();
    const second = claimsOn(topic, "marks", {
      async consume(claim) {
        for await (const batch of claim) {
          if (!firstOffsets.has(claim.partition)) {
            firstOffsets.set(claim.partition, batch.firstOffset);
          }
        }
      },
    });
    await until("a batch of each partition", () => firstOffsets.size === partitions);
    await second.close();
    assert.deepEqual(
      [...firstOffsets.values()],
      Array.from({ length: partitions }, () => 10),
    );
  });

  test("members that come and go lose nothing, and each generation is set up and cleaned up", async () => {
    const topic = await filledTopic("members", 2_000);
    const values = new Map<string, number>();
    let setUps = 0;
    let cleanUps = 0;
    const handler: ClaimHandler<Buffer, string> = {
      setUp: () => {
        setUps += 1;
      },
      async consume(claim) {
        for await (const batch of claim) {
          for (const { value } of batch) {
            values.set(value ?? "", (values.get(value ?? "") ?? 0) + 1);
          }
          batch.mark();
        }
      },
      cleanUp: () => {
        cleanUps += 1;
      },
    };
    const first = claimsOn(topic, "members", handler);
    await until("the first records", () => values.size >= 2_000);
    const second = claimsOn(topic, "members", handler);
    await until("the second member's share", () => second.generation?.partitions.length === 2);
    await append(topic, 2_000, 3_000);
    await until("records by both", () => values.size === 3_000);
    await first.close();
    await append(topic, 3_000, 4_000);
    await until("records by the second", () => values.size === 4_000);
    await second.close();
    assert.equal(setUps, cleanUps);
    assert.ok(setUps >= 3, `${setUps} generations`);
    const doubled = [...values].filter(([, count]) => count > 1);
    assert.deepEqual(doubled, [], "all was marked before each rebalance, so nothing comes twice");
  });

  test("heartbeats go on while a handler takes longer than the session", async () => {
    const topic = await filledTopic("slow", 8);
    let handled = 0;
    let generations = 0;
    const options = {
      topics: [topic],
      groupId: "slow",
      autoOffsetReset: "earliest",
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 500,
    } as const;
    const { promise: nap, resolve: wake } = Promise.withResolvers<void>();
    const claims = client.claims(options, {
      setUp: () => {
        generations += 1;
      },
      async consume(claim) {
        for await (const batch of claim) {
          if (claim.partition === 0) await nap;
          handled += batch.recordCount;
          batch.mark();
        }
      },
    });
    const begun = Date.now();
    await until("longer than a session", () => Date.now() - begun > 7_000);
    wake();
    await until("all records", () => handled === 8);
    await claims.close();
    assert.equal(generations, 1);
  });

  test("what a handler throws ends the claims with that error", async () => {
    const topic = await filledTopic("throws", 8);
    let cleanUps = 0;
    const claims = claimsOn(topic, "throws", {
      consume(claim: Claim<Buffer, string>) {
        if (claim.partition === 2) return Promise.reject(new Error("no more"));
        return drain(claim);
      },
      cleanUp: () => {
        cleanUps += 1;
      },
    });
    await assert.rejects(claims.ended, /no more/);
    assert.equal(cleanUps, 1);
  });
});

async function drain(claim: Claim<Buffer, string>): Promise<void> {
  for await (const batch of claim) batch.mark();
}
