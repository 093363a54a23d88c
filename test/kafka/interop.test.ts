import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client, type Compression, string } from "millrace/client";
import { startCluster, type TestCluster, withoutTools } from "../cluster.ts";

const codecs: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

describe("beside Kafka's own clients", { skip: withoutTools }, () => {
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

  for (const compression of codecs) {
    test(`Java's consumer reads what we produced with ${compression}`, async () => {
      const topic = `ours-${compression}`;
      await client.admin().topics.create({ name: topic, numPartitions: 1 });
      await using producer = client.producer({ compression });
      const count = 500;
      for (let index = 0; index < count; index += 1) {
        void producer.send({
          topic,
          key: index % 3 === 0 ? null : `key ${index}`,
          value: `größe ${index}`.repeat(index % 7 === 0 ? 20 : 1),
          headers: index % 2 === 0 ? [{ key: "trace", value: `t${index}` }] : [],
        });
      }
      await producer.send({ topic, key: "gone", value: null });
      await producer.flush();
      const printed = await kafka.tool(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        ...["--bootstrap-server", kafka.bootstrapServers, "--topic", topic, "--from-beginning"],
        ...["--max-messages", `${count + 1}`, "--timeout-ms", "20000"],
        ...["--formatter-property", "print.key=true"],
        ...["--formatter-property", "print.headers=true"],
        ...["--formatter-property", "null.literal=(null)"],
      );
      const lines = printed.split("\n").filter((line) => line.includes("\t"));
      const expected = Array.from({ length: count }, (_, index) => {
        const headers = index % 2 === 0 ? `trace:t${index}` : "NO_HEADERS";
        const key = index % 3 === 0 ? "(null)" : `key ${index}`;
        return `${headers}\t${key}\t${`größe ${index}`.repeat(index % 7 === 0 ? 20 : 1)}`;
      });
      assert.deepEqual(lines, [...expected, "NO_HEADERS\tgone\t(null)"]);
    });

    test(`we read what Java's producer wrote with ${compression}`, async () => {
      const topic = `theirs-${compression}`;
      await client.admin().topics.create({ name: topic, numPartitions: 1 });
      const count = 5_000;
      const config = join(kafka.directory, `${topic}.properties`);
      writeFileSync(config, `compression.type=${compression}\n`);
      await kafka.tool(
        "org.apache.kafka.tools.VerifiableProducer",
        ...["--bootstrap-server", kafka.bootstrapServers, "--topic", topic],
        ...["--max-messages", `${count}`, "--value-prefix", "7"],
        ...["--command-config", config],
      );
      const partition = { topic, partition: 0 };
      await using consumer = client.consumer({
        assignment: [partition],
        autoOffsetReset: "earliest",
        value: string,
      });
      const values: (string | null)[] = [];
      for await (const batch of consumer) {
        for (const { value } of batch) values.push(value);
        if (values.length >= count) break;
      }
      assert.deepEqual(
        values,
        Array.from({ length: count }, (_, index) => `7.${index}`),
      );
    });
  }
});
